import { expect, test } from 'vitest'
import { fitWidths } from '../../../src/analyze/result/lay-out-table.js'

test.each([
  ['what fits stays as it is', [20, 30], [12, 12], 50, [20, 30]],
  ['the widest gives first', [20, 50, 10], [12, 12, 10], 60, [20, 30, 10]],
  ['then both give, evenly', [40, 50], [12, 12], 40, [20, 20]],
  ['what keeps all gives nothing', [50, 20], [50, 12], 65, [50, 15]],
  ['nothing gets narrower than its minimum', [50, 20, 8], [50, 12, 8], 10, [50, 12, 8]],
  ['without an end everything fits', [50, 20], [12, 12], Infinity, [50, 20]],
])('%s', (_, widths, minima, total, fitted) => {
  expect(fitWidths(widths, minima, total)).toEqual(fitted)
})
