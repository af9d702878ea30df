import { expect, test } from 'vitest'
import { safeLine, safeText } from '../../src/text/safe-text.js'

/**
 * C0 and C1 controls, format characters, line and paragraph separators: characters that can control a terminal or hide
 * text.
 */
const STEERING = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]|\p{Cf}/u

test.each([
  ['plain text, blanks and ümlauts 日本', 'plain text, blanks and ümlauts 日本'],
  ['\x1b[31mred', '\\x1b[31mred'],
  ['\x1b]0;title\x07', '\\x1b]0;title\\x07'],
  ['\u009b31m', '\\u{9b}31m'],
  // An escaped byte of decodeBytes, and text that looks like one
  ['ev\\xffil', 'ev\\xffil'],
  ['ev\\\\xffil', 'ev\\\\xffil'],
  ['my\\x2dweb', 'my\\\\x2dweb'],
  ['a\r\n\tb\0', 'a\\x0d\\x0a\\x09b\\x00'],
  ['\x7f', '\\x7f'],
  ['\u202egnp.exe', '\\u{202e}gnp.exe'],
  ['\u2066a\u2069\u200b', '\\u{2066}a\\u{2069}\\u{200b}'],
  ['a\u2028b', 'a\\u{2028}b'],
  ['\u{e0041}', '\\u{e0041}'],
  ['\\x1b', '\\\\x1b'],
])('%j becomes %j', (text, safe) => {
  expect(safeText(text)).toBe(safe)
})

test('every character that can control a terminal is escaped (SEC-21)', () => {
  for (let code = 0; code <= 0x10ffff; code++) {
    const text = String.fromCodePoint(code)
    if (STEERING.test(text)) expect(STEERING.test(safeText(text)), `U+${code.toString(16)}`).toBe(false)
  }
})

test('different texts have different results', () => {
  const texts = [
    '\x1b',
    '\\x1b',
    '\\\\x1b',
    '\u202e',
    '\\u{202e}',
    '\u001bb',
    '\\',
    '\u009b',
    '\\x9b',
    '\\\\x9b',
    '\\\\\\x9b',
  ]
  expect(new Set(texts.map(safeText)).size).toBe(texts.length)
})

test('a complete line is escaped again; texts in it that are already escaped do not change', () => {
  expect(safeLine('path \\x1b and \x1b[2J')).toBe('path \\x1b and \\x1b[2J')
  for (const text of ['a\\b', '\x1b', '\u202e', 'plain']) expect(safeLine(safeText(text))).toBe(safeText(text))
})
