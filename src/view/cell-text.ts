import { safeText } from '../show/safe-text.js'

/** A text without any blank, and never empty: a thread may be called anything, or nothing. */
export function cellText(text: string): string {
  const shown = safeText(text).replace(/[\p{Zs}]/gu, (blank) =>
    blank === ' ' ? String.raw`\x20` : `\\u{${(blank.codePointAt(0) as number).toString(16)}}`,
  )
  return shown || '-'
}
