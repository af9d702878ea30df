import type { Result } from './result.js'

/** An array of row objects, one a line; keys are the columns' names, values raw. */
export function renderJson(result: Result): string[] {
  const names = result.columns.map((column) => column.name)
  const objects = result.rows.map((row) => JSON.stringify(Object.fromEntries(row.map((value, i) => [names[i], value]))))
  return [`[${objects.join(',\n ')}]`.replace(STEERING, escapeCharacter)]
}

/** What JSON.stringify leaves as it is, and could steer a terminal. JSON reads the escape as the character itself. */
const STEERING = /[\u007f-\u009f\u2028\u2029]|\p{Cf}/gu

function escapeCharacter(character: string): string {
  return Array.from({ length: character.length }, (_, i) => {
    return `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
  }).join('')
}
