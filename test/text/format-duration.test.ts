import { describe, expect, test } from 'vitest'
import { formatDuration, formatLength, formatSpan } from '../../src/text/format-duration.js'
import { createRandom } from '../store/random.js'

test.each([
  [0, '0.00 ns'],
  [999, '999 ns'],
  [999.5, '1.00 µs'],
  [1000, '1.00 µs'],
  [1234, '1.23 µs'],
  [99_949, '99.9 µs'],
  [99_950, '100 µs'],
  [999_499, '999 µs'],
  [999_500, '1.00 ms'],
  [12_345_678, '12.3 ms'],
  [999_500_000, '1.00 s'],
  [59_900_000_000, '59.9 s'],
  [119_400_000_000, '119 s'],
  [119_500_000_000, '2m00s'],
  [3_661e9, '1h01m01s'],
  [-12_345_678, '-12.3 ms'],
  [-3_661e9, '-1h01m01s'],
])('%d ns is %s', (ns, text) => {
  expect(formatDuration(ns)).toBe(text)
})

test('an unknown duration is a dash', () => {
  expect(formatDuration(null)).toBe('-')
})

test('three digits: the text is within half a percent of the value', () => {
  const UNIT_NS: Record<string, number> = { ns: 1, 'µs': 1e3, ms: 1e6, s: 1e9 }
  const random = createRandom(1)
  for (let i = 0; i < 2_000; i++) {
    const ns = Math.floor(2 ** (random() * 36))
    const [value = '', unit = ''] = formatDuration(ns).split(' ')
    expect(value).toMatch(/^(\d\.\d\d|\d\d\.\d|\d\d\d)$/)
    expect(Math.abs(Number(value) * (UNIT_NS[unit] as number) - ns)).toBeLessThanOrEqual(ns * 0.005)
  }
})

describe('spans of time', () => {
  test.each([
    [0, '0s'],
    [499e6, '0s'],
    [500e6, '1s'],
    [59e9, '59s'],
    [59.5e9, '1m00s'],
    [3599.5e9, '1h00m00s'],
    [90_061e9, '25h01m01s'],
  ])('%d ns is %s', (ns, text) => {
    expect(formatSpan(ns)).toBe(text)
  })
})

describe('lengths of time', () => {
  test.each([
    [0, '0s'],
    [1, '1.00 ns'],
    [213e6, '213 ms'],
    [999.4e6, '999 ms'],
    [999.5e6, '1s'],
    [61e9, '1m01s'],
  ])('%d ns is %s', (ns, text) => {
    expect(formatLength(ns)).toBe(text)
  })
})
