import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBytes, encodeBytes } from '../../src/attempt/byte-text.js'

test.each([
  ['plain', 'plain'],
  ['日本 ümlaut \u{1f600}', '日本 ümlaut \u{1f600}'],
  ['\ufeffbom', '\ufeffbom'],
  ['', ''],
  // Names that systemd escaped do not change
  [String.raw`machine-my\x2dweb.scope`, String.raw`machine-my\x2dweb.scope`],
  [String.raw`back\slash\\`, String.raw`back\slash\\`],
  // Text that looks like an escaped byte is escaped
  [String.raw`ev\xffil`, String.raw`ev\\xffil`],
  [String.raw`ev\\xFFil`, String.raw`ev\\\\xFFil`],
])('UTF-8: %j', (name, text) => {
  expect(decodeBytes(Buffer.from(name))).toBe(text)
})

test.each([
  ['6576ff696c', String.raw`ev\xffil`],
  ['ff', String.raw`\xff`],
  ['61ff62c0af', String.raw`a\xffb\xc0\xaf`],
  // Cut within a character
  ['e697a5e69c', String.raw`日\xe6\x9c`],
  // A surrogate, and a code point beyond the last one
  ['eda080', String.raw`\xed\xa0\x80`],
  ['f4908080', String.raw`\xf4\x90\x80\x80`],
  // A backslash before a byte
  ['5cff', String.raw`\\\xff`],
  ['5c5cff5cff', String.raw`\\\\\xff\\\xff`],
])('bytes %s', (hex, text) => {
  expect(decodeBytes(Buffer.from(hex, 'hex'))).toBe(text)
  expect(encodeBytes(text).toString('hex')).toBe(hex)
})

test('any bytes can be recovered from their text, so different bytes have different texts (SEC-19)', () => {
  const byte = fc.oneof(fc.constantFrom(...Buffer.from('\\\\xfF8\xe6'), 0xff, 0x80), fc.nat({ max: 255 }))
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 24 }), (array) => {
      const bytes = Buffer.from(array)
      expect(encodeBytes(decodeBytes(bytes)).equals(bytes)).toBe(true)
    }),
    { numRuns: 20_000 },
  )
})
