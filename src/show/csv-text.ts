import { safeText } from './safe-text.js'

/**
 * Text as a field of a CSV file (https://www.rfc-editor.org/rfc/rfc4180). Control characters are visible escapes. What a
 * spreadsheet would take for a formula gets an apostrophe before it
 * (https://owasp.org/www-community/attacks/CSV_Injection). An empty text is quoted, as nothing at all stands for what is
 * not known.
 */
export function csvText(text: string): string {
  const safe = (/^[=+\-@\t\r＝＋－＠]/.test(text) ? "'" : '') + safeText(text)
  return safe === '' || /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
