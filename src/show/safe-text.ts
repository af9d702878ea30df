/**
 * Text from a trace, fit for a terminal: whatever could steer one (C0 and C1 controls, line and paragraph separators,
 * bidirectional overrides) becomes a visible escape, `\x1b` or `\u202e`.
 */
export function safeText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029\\]/gu, (character) => {
    if (character === '\\') return '\\\\'
    const code = character.codePointAt(0) as number
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}
