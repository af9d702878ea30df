import { expect, test } from 'vitest'
import type { SessionPart } from '../../../src/analyze/scan/scope.js'
import { createWallClock } from '../../../src/analyze/scan/wall-clock.js'

const partWith = (segments: SessionPart['segments']) => ({ segments }) as SessionPart
const BOOTED = 1_700_000_000_000_000_001n

test('times of a session without clock changes use one offset', () => {
  const clock = createWallClock(partWith([{ fromNs: -Infinity, toNs: Infinity, unixOffsetNs: BOOTED }]))
  expect([clock.relativeNs(-5), clock.relativeNs(7)]).toEqual([-5, 7])
  expect([clock.unixNs(-5), clock.unixNs(7)]).toEqual([BOOTED - 5n, BOOTED + 7n])
})

test('times follow the clock after it was set forward and back', () => {
  const clock = createWallClock(
    partWith([
      { fromNs: -Infinity, toNs: 10, unixOffsetNs: BOOTED },
      { fromNs: 10, toNs: 20, unixOffsetNs: BOOTED + 100n },
      { fromNs: 20, toNs: Infinity, unixOffsetNs: BOOTED - 50n },
    ]),
  )
  expect([9, 10, 19, 20, 99].map(clock.relativeNs)).toEqual([9, 110, 119, -30, 49])
  expect([9, 10, 19, 20, 99].map((ns) => clock.unixNs(ns) - BOOTED)).toEqual([9n, 110n, 119n, -30n, 49n])
})

test('times are exact regardless of the size of the clock change', () => {
  const clock = createWallClock(
    partWith([
      { fromNs: -Infinity, toNs: 10, unixOffsetNs: 3n },
      { fromNs: 10, toNs: Infinity, unixOffsetNs: BOOTED },
    ]),
  )
  expect(clock.unixNs(11)).toBe(BOOTED + 11n)
})
