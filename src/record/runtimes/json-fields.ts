/** Limits of stored texts, in UTF-16 units. Kubernetes and OCI allow 253 for names and 255 for image references. */
const MAX_TEXT = 512
/** C0 and C1 control characters, and lone halves of pairs: no runtime accepts them in a name. */
const REFUSED = /[\p{Cc}\p{Cs}]/u

/** A parsed JSON object of unknown shape. */
export type Fields = Readonly<Record<string, unknown>>

/** @returns the object; empty for anything else, like malformed text */
export function parseFields(text: string): Fields {
  try {
    return fieldsOf(JSON.parse(text))
  } catch {
    return {}
  }
}

/** An object in a field; empty for anything else. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

/** The first of the fields that is a usable name: not empty, of limited length, without control characters. */
export function textOf(fields: Fields, ...names: readonly string[]): string | null {
  for (const name of names) {
    const value = Object.hasOwn(fields, name) ? cleanText(fields[name]) : null
    if (value !== null) return value
  }
  return null
}

/** A usable name, `null` for anything else. */
export function cleanText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT && !REFUSED.test(value) ? value : null
}

/** A field of an object, if it is its own. */
export function fieldOf(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}
