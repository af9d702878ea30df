import { describe, expect, test } from 'vitest'
import { cutText, textWidth } from '../../src/text/text-width.js'

test.each([
  ['', 0],
  ['plain', 5],
  ['ümläut', 6],
  ['e\u0301tage\u0301re', 7],
  ['日本語', 6],
  ['ﾊﾝｶｸ', 4],
  ['Ｆｕｌｌ', 8],
  ['한국', 4],
  ['\u1112\u1161\u11ab', 2],
  ['😀', 2],
  ['🇩🇪', 2],
  ['☺', 1],
  ['⌚', 2],
  ['€µ…─█', 5],
  ['\u{20000}', 2],
  ['한글 mixed 漢字', 15],
])('%j takes %i cells', (text, width) => {
  expect(textWidth(text)).toBe(width)
})

describe('cutting a text', () => {
  test.each([
    ['short', 5, 'short'],
    ['longer', 5, 'long…'],
    ['日本語', 6, '日本語'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['x😀y', 3, 'x…'],
    ['e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
    ['e\u0301e\u0301', 2, 'e\u0301e\u0301'],
    ['longer', 1, '…'],
  ])('%j to %i cells is %j', (text, width, cut) => {
    expect(cutText(text, width)).toBe(cut)
  })

  test('never exceeds the number of cells', () => {
    const characters = ['a', '日', '😀', 'e\u0301', '\u0301', '한']
    for (let seed = 1; seed < 3000; seed++) {
      const text = Array.from({ length: 12 }, (_, i) => characters[(seed * (i + 7) * 31) % characters.length]).join('')
      expect(textWidth(cutText(text, 1 + (seed % 12)))).toBeLessThanOrEqual(1 + (seed % 12))
    }
  })
})
