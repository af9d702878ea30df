import { describe, expect, test } from 'vitest'
import { clockDay, formatClock, formatTime, usefulDecimals } from '../../src/text/format-time.js'

const SECOND = 1_769_853_605n

test.each([
  [SECOND * 1_000_000_000n, 0, '2026-01-31 10:00:05Z'],
  [SECOND * 1_000_000_000n + 123_456_789n, 0, '2026-01-31 10:00:05Z'],
  [SECOND * 1_000_000_000n + 123_456_789n, 3, '2026-01-31 10:00:05.123Z'],
  [SECOND * 1_000_000_000n + 123_456_789n, 6, '2026-01-31 10:00:05.123456Z'],
  [SECOND * 1_000_000_000n + 123_456_789n, 9, '2026-01-31 10:00:05.123456789Z'],
  [SECOND * 1_000_000_000n + 7n, 9, '2026-01-31 10:00:05.000000007Z'],
  [0n, 0, '1970-01-01 00:00:00Z'],
  [-1n, 9, '1969-12-31 23:59:59.999999999Z'],
  [2n ** 63n - 1n, 3, '2262-04-11 23:47:16.854Z'],
])('%d ns with %i decimals is %s', (unixNs, decimals, text) => {
  expect(formatTime(unixNs, decimals)).toBe(text)
})

test('a number outside the calendar is formatted as a number', () => {
  expect(formatTime(10n ** 30n, 3)).toBe(String(10n ** 30n))
})

describe('useful decimals', () => {
  test.each([
    [[], 0],
    [[0n, SECOND * 1_000_000_000n], 0],
    [[1n], 3],
    [[1_000_000n, 2_000_000n, 5_000_000_000n], 3],
    [[1_000_000n, 1_001_000n], 6],
    [[1n, 2n], 9],
    [[2n, 2n, 2n], 3],
  ] as const)('needed for %s: %i', (times, decimals) => {
    expect(usefulDecimals(times)).toBe(decimals)
  })
})

test('clockDay and formatClock together give the formatted time', () => {
  const unixNs = 1_769_853_605_123_456_789n
  expect(`${clockDay(unixNs)} ${formatClock(unixNs, 3)}`).toBe(formatTime(unixNs, 3))
  expect(clockDay(10n ** 30n)).toBe(null)
  expect(clockDay(10n ** 21n)).toBe(null)
})
