import { safeText } from './safe-text.js'

/**
 * Text as a CSV field (https://www.rfc-editor.org/rfc/rfc4180). Control characters become visible escapes. Text that a
 * spreadsheet would evaluate as a formula gets a leading apostrophe
 * (https://owasp.org/www-community/attacks/CSV_Injection). An empty text is quoted, because an empty field means
 * unknown.
 */
export function csvText(text: string): string {
  const safe = (/^[=+\-@\t\r＝＋－＠]/.test(text) ? "'" : '') + safeText(text)
  return safe === '' || /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Text as a JSON string. Terminal control characters are escaped. */
export function jsonText(text: string): string {
  return JSON.stringify(text).replace(STEERING, escapeCharacter)
}

/** Terminal control characters that JSON.stringify does not escape. JSON readers decode the escape. */
const STEERING = /[\u007f-\u009f\u2028\u2029]|\p{Cf}/gu

function escapeCharacter(character: string): string {
  return Array.from({ length: character.length }, (_, i) => {
    return `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
  }).join('')
}
