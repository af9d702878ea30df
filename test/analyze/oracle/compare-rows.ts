import type { ExactRow, ExactValue } from './read-exact-json.js'

/** If a rate or a share is computed in another order, its last bits differ. */
const ROUNDING = 1e-12
/** Error of a percentile from a histogram. */
const APPROXIMATION = 0.01
const SHOWN = 5

export interface Comparison {
  /** Columns that identify rows */
  readonly key: readonly string[]
  /** Columns whose values may differ by 1 %; `null`: none */
  readonly approximate?: RegExp | null
}

/**
 * Compares all rows of a query with the expected rows, in any order, in the columns of the expected rows.
 * @returns a description of the first difference
 */
export function compareRows(
  found: readonly ExactRow[],
  expected: readonly ExactRow[],
  { key, approximate = null }: Comparison,
): string[] {
  const keyOf = (row: ExactRow) => key.map((name) => textOf(row[name])).join(' ')
  const byKey = new Map(found.map((row) => [keyOf(row), row]))
  const wanted = new Map(expected.map((row) => [keyOf(row), row]))
  const counts = [
    ...(byKey.size < found.length ? [`${found.length} rows have ${byKey.size} keys`] : []),
    ...(wanted.size < expected.length ? [`${expected.length} expected rows have ${wanted.size} keys`] : []),
    ...(found.length !== expected.length ? [`${found.length} rows instead of ${expected.length}`] : []),
  ]
  const extra = [...byKey.keys()].filter((text) => !wanted.has(text)).map((text) => `${text}: not expected`)
  const wrong = [...wanted].flatMap(([text, row]) => {
    const other = byKey.get(text)
    return other ? compareRow(other, row, approximate).map((words) => `${text}: ${words}`) : [`${text}: missing`]
  })
  return [...counts, ...[...extra, ...wrong].slice(0, SHOWN)]
}

function compareRow(found: ExactRow, expected: ExactRow, approximate: RegExp | null): string[] {
  const isEqual = (name: string) => (approximate?.test(name) ? isNear : isSame)
  return Object.entries(expected).flatMap(([name, value]) =>
    name in found && isEqual(name)(found[name] as ExactValue, value)
      ? []
      : [`${name} is ${textOf(found[name])} instead of ${textOf(value)}`],
  )
}

/** Integers are exact; other numbers are shares or rates. */
function isSame(found: ExactValue, expected: ExactValue): boolean {
  if (found === expected) return true
  const isExact = typeof found === 'bigint' && typeof expected === 'bigint'
  if (isExact || !isNumber(found) || !isNumber(expected)) return false
  return Math.abs(Number(found) - Number(expected)) <= ROUNDING * Math.abs(Number(expected))
}

function isNear(found: ExactValue, expected: ExactValue): boolean {
  if (!isNumber(found) || !isNumber(expected)) return found === expected
  return Math.abs(Number(found) - Number(expected)) <= APPROXIMATION * Math.abs(Number(expected))
}

function isNumber(value: ExactValue): boolean {
  return typeof value === 'number' || typeof value === 'bigint'
}

function textOf(value: ExactValue | undefined): string {
  return typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? 'no column')
}
