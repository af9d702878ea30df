import { expect, test } from 'vitest'
import { textWidth } from '../../src/text/text-width.js'
import { wrapLine } from '../../src/text/wrap-line.js'

test.each([
  ['fits', 4, ['fits']],
  ['goes on in the next line', 12, ['goes on in', '  the next', '  line']],
  ['a /very/long/path that', 10, ['a /very/lo', '  ng/path', '  that']],
  ['one two', 3, ['one', 'two']],
  ['', 5, ['']],
  ['whatever it is', Infinity, ['whatever it is']],
])('%j in %d columns', (line, width, lines) => {
  expect(wrapLine(line, width)).toEqual(lines)
})

test('no line is too wide, and no text is lost', () => {
  const line = 'データベース/受付係 says that 日本語 is as wide as it is'
  for (let width = 2; width < 70; width++) {
    const lines = wrapLine(line, width)
    for (const one of lines) expect(textWidth(one)).toBeLessThanOrEqual(width)
    expect(lines.join('').replaceAll(' ', '')).toBe(line.replaceAll(' ', ''))
  }
})
