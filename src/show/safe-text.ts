/**
 * Text from a trace, fit for a terminal: whatever could steer one (C0 and C1 controls, line and paragraph separators,
 * bidirectional overrides) becomes a visible escape, `\x1b` or `\u{202e}`. Different texts stay different.
 */
export function safeText(text: string): string {
  return safeLine(text.replaceAll('\\', '\\\\'))
}

/** A finished line, whatever went into it: the last look before it reaches a terminal. Leaves safe text alone. */
export function safeLine(line: string): string {
  return line.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) as number
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}
