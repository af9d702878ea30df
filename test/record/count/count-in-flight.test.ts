import { describe, expect, test } from 'vitest'
import type { EventStart } from '../../../src/record/event/event-start.js'
import { countInFlight } from '../../../src/record/count/count-in-flight.js'
import { createRandom, randomInteger } from '../../store/random.js'
import { packEvents } from '../make-events.js'

const NETNS = 7
const pendingOf = (...startedNs: bigint[]) => ({
  ...packEvents(startedNs.map((one) => ({ startedNs: one, netns: NETNS }))),
  count: startedNs.length,
})
const noted = (...startedNs: bigint[]): EventStart[] => startedNs.map((one) => ({ startedNs: one, netns: NETNS }))

test('no pending attempts: no attempts in flight', () => {
  expect(countInFlight(pendingOf(), [], 100n)).toEqual(new Map())
})

describe('at a rotation', () => {
  test('a pending attempt that began before the rotation is in flight; one that began later is not', () => {
    expect(countInFlight(pendingOf(50n, 100n, 101n), [], 100n)).toEqual(new Map([[NETNS, 2]]))
  })

  test('an attempt that ends while pending attempts are read belongs to the old file', () => {
    expect(countInFlight(pendingOf(50n, 60n), noted(60n), 100n)).toEqual(new Map([[NETNS, 1]]))
  })

  test('an attempt that ended before pending attempts were read changes nothing', () => {
    expect(countInFlight(pendingOf(50n), noted(10n, 20n), 100n)).toEqual(new Map([[NETNS, 1]]))
  })

  test('an attempt that began after the rotation but is in the old file is subtracted', () => {
    expect(countInFlight(pendingOf(150n, 160n), noted(150n, 155n), 100n)).toEqual(new Map([[NETNS, -2]]))
  })

  test('two attempts with the same start time count as two', () => {
    expect(countInFlight(pendingOf(50n, 50n), noted(50n), 100n)).toEqual(new Map([[NETNS, 1]]))
  })

  test('attempts are counted by network namespace, and start times are exact', () => {
    const late = 2n ** 62n
    const pending = packEvents([
      { startedNs: late, netns: 1 },
      { startedNs: late + 1n, netns: 2 },
    ])
    expect(countInFlight({ ...pending, count: 2 }, [], late)).toEqual(new Map([[1, 1]]))
  })
})

test('counted attempts minus attempts in flight equals recorded attempts, whenever attempts begin and end', () => {
  const random = createRandom(3)
  for (let round = 0; round < 300; round++) {
    // The rotation is at 1000, pending attempts are copied from 1010 to 1020, the last write is at 1030.
    const attempts = Array.from({ length: randomInteger(random, 0, 60) }, (_, i) => {
      const start = randomInteger(random, 900, 1040) * 1000 + i
      return {
        start,
        end: start + randomInteger(random, 0, 100) * 1000,
        copied: randomInteger(random, 1010, 1020) * 1000,
      }
    })
    const inCopy = attempts.filter(({ start, end, copied }) => start <= copied && end > copied)
    const recorded = attempts.filter(({ end }) => end <= 1_030_000)
    const sinceCopy = recorded.filter(({ end }) => end > 1_000_000)
    const inFlight = countInFlight(
      pendingOf(...inCopy.map(({ start }) => BigInt(start))),
      noted(...sinceCopy.map(({ start }) => BigInt(start))),
      1_000_000n,
    )
    const counted = attempts.filter(({ start }) => start <= 1_000_000).length
    expect(counted - (inFlight.get(NETNS) ?? 0)).toBe(recorded.length)
  }
})
