import { expect, test } from 'vitest'
import { fitWidths } from '../../../src/analyze/result/fit-widths.js'

test.each([
  ['what fits stays as it is', [20, 30], [true, true], 50, [20, 30]],
  ['the widest text gives first', [20, 50, 10], [true, true, false], 60, [20, 30, 10]],
  ['then both give, evenly', [40, 50], [true, true], 40, [20, 20]],
  ['numbers never give', [50, 20], [false, true], 65, [50, 15]],
  ['no text gets shorter than 12', [50, 20, 8], [false, true, true], 10, [50, 12, 8]],
  ['without texts nothing gives', [50, 20], [false, false], 10, [50, 20]],
  ['without an end everything fits', [50, 20], [true, true], Infinity, [50, 20]],
])('%s', (_, widths, isText, total, fitted) => {
  expect(fitWidths(widths, isText, total)).toEqual(fitted)
})
