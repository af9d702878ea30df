import type { Column, Row, Value } from './result.js'

/**
 * Makes an object of a row, in JSON: keys are the columns' names, values raw. Integers beyond 2^53 are exact literals, what
 * JSON has no number for is null.
 */
export function createJsonRow(columns: readonly Column[]): (row: Row) => string {
  const keys = columns.map(({ name }) => `${jsonText(name)}:`)
  return (row) => `{${keys.map((key, i) => key + jsonValue(row[i] ?? null)).join(',')}}`
}

function jsonValue(value: Value): string {
  if (typeof value === 'string') return jsonText(value)
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value)
}

/** A text as a JSON string. What could steer a terminal is escaped. */
export function jsonText(text: string): string {
  return JSON.stringify(text).replace(STEERING, escapeCharacter)
}

/** What JSON.stringify leaves as it is, and could steer a terminal. JSON reads the escape as the character itself. */
const STEERING = /[\u007f-\u009f\u2028\u2029]|\p{Cf}/gu

function escapeCharacter(character: string): string {
  return Array.from({ length: character.length }, (_, i) => {
    return `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
  }).join('')
}
