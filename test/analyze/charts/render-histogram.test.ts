import { expect, test } from 'vitest'
import { renderHistogram } from '../../../src/analyze/charts/render-histogram.js'

const BANDS = [
  { fromNs: 200e3, toNs: 500e3, count: 3 },
  { fromNs: 500e3, toNs: 1e6, count: 120 },
  { fromNs: 1e6, toNs: 2e6, count: 98_765 },
  { fromNs: 2e6, toNs: 5e6, count: 12_345 },
  { fromNs: 5e6, toNs: 10e6, count: 0 },
  { fromNs: 10e6, toNs: 20e6, count: 4000 },
]

test('a line per band, 80 columns wide', () => {
  expect(renderHistogram(BANDS, 80).join('\n')).toMatchInlineSnapshot(`
    "         LATENCY   COUNT  PERCENT
    200 µs to 500 µs       3    0.00%  ▏
    500 µs to   1 ms     120    0.10%  ▏
      1 ms to   2 ms  98,765   85.71%  █████████████████████████████████████████████
      2 ms to   5 ms  12,345   10.71%  █████▋
      5 ms to  10 ms       0    0.00%
     10 ms to  20 ms   4,000    3.47%  █▉"
  `)
})

test('a line per band, 120 columns wide', () => {
  expect(renderHistogram(BANDS, 120).join('\n')).toMatchInlineSnapshot(`
    "         LATENCY   COUNT  PERCENT
    200 µs to 500 µs       3    0.00%  ▏
    500 µs to   1 ms     120    0.10%  ▏
      1 ms to   2 ms  98,765   85.71%  █████████████████████████████████████████████████████████████████████████████████████
      2 ms to   5 ms  12,345   10.71%  ██████████▋
      5 ms to  10 ms       0    0.00%
     10 ms to  20 ms   4,000    3.47%  ███▌"
  `)
})

test('a small count is visible, a count of 0 is not', () => {
  const [, few, , , , none] = renderHistogram(BANDS, 80)
  expect(few).toMatch(/▏$/)
  expect(none).toMatch(/0.00%$/)
})

test.each([1, 5, 20, 30, 40, 60, 200])('no line exceeds %d columns', (width) => {
  const lines = renderHistogram(BANDS, width)
  expect(lines).toHaveLength(BANDS.length + 1)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(width)
})

test('empty bands, and no bands', () => {
  expect(renderHistogram([{ fromNs: 1, toNs: 2, count: 0 }], 80)[1]).toMatch(/ 0 +0.00%$/)
  expect(renderHistogram([], 80)).toEqual([])
})
