/**
 * Untrusted text made safe for a terminal: control characters (C0 and C1 controls, line and paragraph separators,
 * bidirectional overrides) become visible escapes, `\x1b` or `\u{202e}`. The mapping is unique: backslashes are
 * doubled, except those of byte escapes from `decodeBytes`, `\xff`.
 */
export function safeText(text: string): string {
  return safeLine(text.replaceAll(/\\+(?!\\|x[89a-f][0-9a-f])/gi, (backslashes) => backslashes + backslashes))
}

/** Makes a finished line safe before it reaches a terminal. Leaves safe text unchanged. */
export function safeLine(line: string): string {
  return line.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) as number
    return code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}
