import koffi from 'koffi'
import { expect, test } from 'vitest'
import { readOffset, startClock } from '../../../src/record/host/clock.js'
import { waitUntil } from '../../support/wait-until.js'

const CLOCK_MONOTONIC = 1
const clockGettime = koffi.load('libc.so.6').func('int clock_gettime(int clock, _Out_ void *time)')

function readMonotonicByLibc(): bigint {
  const timespec = new BigInt64Array(2)
  clockGettime(CLOCK_MONOTONIC, timespec)
  return timespec[0]! * 1_000_000_000n + timespec[1]!
}

test('a session begins at its own 0, on CLOCK_MONOTONIC', () => {
  const before = readMonotonicByLibc()
  const clock = startClock()
  const after = readMonotonicByLibc()
  expect(clock.epochNs).toBeGreaterThanOrEqual(before)
  expect(clock.epochNs).toBeLessThanOrEqual(after)
  expect(clock.nowNs()).toBeGreaterThanOrEqual(0)
})

test('session time advances', async () => {
  const clock = startClock()
  const earlierNs = clock.nowNs()
  await waitUntil('20 ms of the session', () => clock.nowNs() - earlierNs >= 20e6)
})

test('session time plus the offset is wall clock time', () => {
  const clock = startClock()
  const before = Date.now()
  const unixMs = (clock.unixOffsetNs() + BigInt(clock.nowNs())) / 1_000_000n
  expect(Number(unixMs)).toBeGreaterThanOrEqual(before - 1)
  expect(Number(unixMs)).toBeLessThanOrEqual(Date.now() + 1)
})

test('the offset comes from the reading that was interrupted least', () => {
  // Each reading of the wall clock is between two readings of the monotonic clock, with these distances in ns.
  const widths = [5_000_000n, 300n, 40n, 9000n, 1_000_000n]
  const OFFSET = 1_700_000_000_000_000_000n
  let looks = 0
  let nowNs = 1000n
  const clocks = {
    monotonic: () => (nowNs += looks++ % 2 === 0 ? 1n : (widths[(looks - 2) / 2] as bigint)),
    // The wall clock is read immediately after the first reading, whatever the time of the second one.
    wall: () => nowNs + OFFSET,
  }
  expect(readOffset(clocks)).toBe(OFFSET - 20n)
})
