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

test('without anything under way nothing is carried', () => {
  expect(countInFlight(pendingOf(), [], 100n)).toEqual(new Map())
})

describe('at the change', () => {
  test('what has begun and goes on is inFlight, what begins later is not', () => {
    expect(countInFlight(pendingOf(50n, 100n, 101n), [], 100n)).toEqual(new Map([[NETNS, 2]]))
  })

  test('what ended while it was looked for is in the file that is left', () => {
    expect(countInFlight(pendingOf(50n, 60n), noted(60n), 100n)).toEqual(new Map([[NETNS, 1]]))
  })

  test('what ended before it was looked for changes nothing', () => {
    expect(countInFlight(pendingOf(50n), noted(10n, 20n), 100n)).toEqual(new Map([[NETNS, 1]]))
  })

  test('what began later, and is in the file that is left all the same, counts against it', () => {
    expect(countInFlight(pendingOf(150n, 160n), noted(150n, 155n), 100n)).toEqual(new Map([[NETNS, -2]]))
  })

  test('two of the same nanosecond are two', () => {
    expect(countInFlight(pendingOf(50n, 50n), noted(50n), 100n)).toEqual(new Map([[NETNS, 1]]))
  })

  test('each network namespace counts for itself, and times are exact', () => {
    const late = 2n ** 62n
    const pending = packEvents([
      { startedNs: late, netns: 1 },
      { startedNs: late + 1n, netns: 2 },
    ])
    expect(countInFlight({ ...pending, count: 2 }, [], late)).toEqual(new Map([[1, 1]]))
  })
})

test('however attempts lie around a change: counted − carried is what is recorded', () => {
  const random = createRandom(3)
  for (let round = 0; round < 300; round++) {
    // Time: the moment at 1000, the copy from 1010 to 1020, the last write at 1030.
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
