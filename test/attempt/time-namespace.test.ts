import { expect, test } from 'vitest'
import { readClockOffset, readOffsets } from '../../src/attempt/time-namespace.js'

const OFFSETS = 'monotonic       86400   5000000\nboottime           -7 250000000\n'

test.each([
  ['monotonic', OFFSETS, 86_400_005_000_000n],
  ['boottime', OFFSETS, -6_750_000_000n],
  ['boottime', 'monotonic           0         0\nboottime            0         0\n', 0n],
  ['monotonic', '', 0n],
] as const)('the clock %s of %j is %d ns ahead', (clock, offsets, ns) => {
  expect(readClockOffset(clock, offsets)).toBe(ns)
})

test("uses the offsets of the process's own time namespace, not those for its children", () => {
  expect(readOffsets(() => 'time:[1]')).toMatch(/^monotonic +-?\d+ +\d+\nboottime +-?\d+ +\d+\n$/)
  expect(readOffsets((path) => path)).toBe('')
})

test('reads the offsets of this process', () => {
  expect(readClockOffset('monotonic')).toBeTypeOf('bigint')
})
