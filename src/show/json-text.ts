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
