/** Names that try to steer a terminal, or that are wide, in another direction, or without a width. */
export const HOSTILE_NAMES: readonly string[] = [
  '\x1b[2J\x1b[H',
  '\x1b]0;t\x07',
  'a\r\nb',
  '\u202eabc',
  '\u009b31m',
  '世界世界',
  'مرحبا',
  'e\u0301e\u0301',
  '👩‍💻',
  '\u2028x',
  '',
]
