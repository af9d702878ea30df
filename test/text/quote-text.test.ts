import { expect, test } from 'vitest'
import { csvText } from '../../src/text/quote-text.js'

test.each([
  ['plain text', 'plain text'],
  ['', '""'],
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['=HYPERLINK("http://192.0.2.1")', `"'=HYPERLINK(""http://192.0.2.1"")"`],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\\x09=1"],
  ['\r=1', "'\\x0d=1"],
  ['＝1', "'＝1"],
  ['1=1', '1=1'],
  ['two\r\nlines', 'two\\x0d\\x0alines'],
  ['\x1b[2J\u202e', '\\x1b[2J\\u{202e}'],
  ['back\\slash', 'back\\\\slash'],
])('%j is quoted as %s (SEC-22)', (text, field) => {
  expect(csvText(text)).toBe(field)
})
