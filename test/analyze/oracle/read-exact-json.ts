/** A value of a row: integers are bigint, whatever their size. */
export type ExactValue = string | number | bigint | boolean | null

/** A row by the names of its columns. */
export type ExactRow = Readonly<Record<string, ExactValue>>

/** Texts, whose digits do not change, and numbers. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/**
 * Parses an array of flat objects. JSON.parse alone would round integers above 2^53: Unix ns, start times of processes.
 */
export function readExactJson(text: string): ExactRow[] {
  const marked = text.replace(TOKEN, (token) => (/^-?\d+$/.test(token) ? `{"integer":"${token}"}` : token))
  return JSON.parse(marked, (_, value: unknown) => {
    const isInteger = typeof value === 'object' && value !== null && 'integer' in value
    return isInteger && typeof value.integer === 'string' ? BigInt(value.integer) : value
  }) as ExactRow[]
}
