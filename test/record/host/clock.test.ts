import { setTimeout as delay } from 'node:timers/promises'
import koffi from 'koffi'
import { expect, test } from 'vitest'
import { CLOCK_STEP_NS, startClock } from '../../../src/record/host/clock.js'

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

test('it goes on with the time', async () => {
  const clock = startClock()
  const earlierNs = clock.nowNs()
  await delay(20)
  expect(clock.nowNs() - earlierNs).toBeGreaterThanOrEqual(19e6)
})

test('session time and its offset give the time on the wall', () => {
  const clock = startClock()
  const before = Date.now()
  const unixMs = (clock.unixOffsetNs() + BigInt(clock.nowNs())) / 1_000_000n
  expect(Number(unixMs)).toBeGreaterThanOrEqual(before - 1)
  expect(Number(unixMs)).toBeLessThanOrEqual(Date.now() + 1)
})

test('the offset is the same at every look, but for noise that is no change of the clock', () => {
  const clock = startClock()
  const offsets = Array.from({ length: 20 }, () => clock.unixOffsetNs()).toSorted((a, b) => Number(a - b))
  const middle = offsets.slice(5, 15)
  expect(middle.at(-1)! - middle[0]!).toBeLessThan(CLOCK_STEP_NS)
})
