import { describe, expect, test } from 'vitest'
import { createBatch, type AttemptBatch } from '../../../src/record/write/attempt-batch.js'
import { createLiveStats } from '../../../src/record/status/live-stats.js'
import { OUTCOMES, type Outcome } from '../../../src/attempt/outcome.js'

/** A batch of attempts with these outcomes and latencies. */
function batchOf(attempts: readonly (readonly [Outcome, number])[]): AttemptBatch {
  const batch = createBatch(attempts.length)
  batch.count = attempts.length
  attempts.forEach(([outcome, latencyNs], row) => {
    batch.shapes.push({ outcome: OUTCOMES.indexOf(outcome), errno: 0, synRetransmits: 0, flags: 0 })
    batch.shape[row] = row
    batch.latencyNs[row] = latencyNs
  })
  return batch
}

const established = (count: number, latencyNs: number) =>
  batchOf(Array.from({ length: count }, () => ['established', latencyNs] as const))

test('all values are empty before the first attempt', () => {
  expect(createLiveStats().read(5)).toEqual({ attempts: 0, failed: 0, perSecond: 0, p50Ns: null, p99Ns: null })
})

test('attempts and failures count from the beginning', () => {
  const stats = createLiveStats()
  stats.add(batchOf(OUTCOMES.map((outcome) => [outcome, 1000] as const)), 0)
  stats.add(established(2, 1000), 100_000)
  expect(stats.read(200_000)).toMatchObject({ attempts: 10, failed: 6 })
})

test('latencies are those of established attempts of the last seconds', () => {
  const stats = createLiveStats()
  stats.add(established(100, 1_000_000), 0)
  stats.add(
    batchOf([
      ['refused', 9e9],
      ['timed_out', 9e9],
    ]),
    0,
  )
  expect(within1Percent(stats.read(100).p99Ns, 1_000_000)).toBe(true)
  stats.add(established(100, 50_000), 6000)
  const { p50Ns, p99Ns } = stats.read(6500)
  expect([within1Percent(p50Ns, 50_000), within1Percent(p99Ns, 50_000)]).toEqual([true, true])
  expect(stats.read(20_000)).toMatchObject({ p50Ns: null, p99Ns: null })
})

describe('attempts per second', () => {
  test('equal the rate of a steady load', () => {
    const stats = createLiveStats()
    for (let ms = 0; ms < 20_000; ms += 100) stats.add(established(10, 1000), ms)
    const { perSecond } = stats.read(20_000)
    expect(perSecond).toBeGreaterThan(85)
    expect(perSecond).toBeLessThan(115)
  })

  test('equal the number of attempts within the first second', () => {
    const stats = createLiveStats()
    stats.add(established(7, 1000), 0)
    expect(stats.read(100).perSecond).toBe(7)
  })

  test('fall to 0 when there are no more attempts', () => {
    const stats = createLiveStats()
    stats.add(established(1000, 1000), 0)
    expect(stats.read(10_000).perSecond).toBe(0)
  })
})

function within1Percent(value: number | null, expected: number): boolean {
  return value !== null && Math.abs(value - expected) <= expected * 0.01
}
