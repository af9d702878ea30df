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

test('its time goes on', async () => {
  const clock = startClock()
  const earlierNs = clock.nowNs()
  await waitUntil('20 ms of the session', () => clock.nowNs() - earlierNs >= 20e6)
})

test('session time and its offset give the time on the wall', () => {
  const clock = startClock()
  const before = Date.now()
  const unixMs = (clock.unixOffsetNs() + BigInt(clock.nowNs())) / 1_000_000n
  expect(Number(unixMs)).toBeGreaterThanOrEqual(before - 1)
  expect(Number(unixMs)).toBeLessThanOrEqual(Date.now() + 1)
})

test('the offset is that of the reading that was interrupted least', () => {
  // Each reading takes two looks at the monotonic clock, so many ns apart.
  const widths = [5_000_000n, 300n, 40n, 9000n, 1_000_000n]
  const OFFSET = 1_700_000_000_000_000_000n
  let looks = 0
  let nowNs = 1000n
  const clocks = {
    monotonic: () => (nowNs += looks++ % 2 === 0 ? 1n : (widths[(looks - 2) / 2] as bigint)),
    // Read right behind the first look, wherever the second one is.
    wall: () => nowNs + OFFSET,
  }
  expect(readOffset(clocks)).toBe(OFFSET - 20n)
})
