import { describe, expect, test } from 'vitest'
import { createEndedAttempts } from '../../../src/analyze/top/ended-attempts.js'
import { createPlayer } from '../../../src/analyze/top/player.js'
import { createReplayClock } from '../../../src/analyze/top/replay-clock.js'
import type { TopAttempt } from '../../../src/top/window/top-attempt.js'
import { makeRow } from '../../view/make-row.js'

/** Rows by start and latency in ms; `null` stays pending. */
const rowsOf = (...attempts: [startMs: number, latencyMs: number | null][]) =>
  attempts.map(([startMs, latencyMs], i) => {
    const fields =
      latencyMs === null ? { outcome: 'pending' as const, latencyNs: null } : { latencyNs: latencyMs * 1e6 }
    return makeRow({ startedNs: 5e9 + startMs * 1e6, unixNs: BigInt(startMs) * 1_000_000n, remotePort: i, ...fields })
  })

function play(...attempts: Parameters<typeof rowsOf>) {
  const ended = createEndedAttempts([rowsOf(...attempts)])
  const log: string[] = []
  let nowNs = 0
  const advanced: number[] = []
  const view = {
    advance: (toNs: number) => {
      advanced.push(toNs)
      expect(toNs).toBeGreaterThanOrEqual(nowNs)
      nowNs = toNs
    },
    add: ({ endpoint }: TopAttempt) => void log.push(`${endpoint.remotePort} at ${nowNs / 1e6}`),
  }
  const clock = createReplayClock(1, false, () => 0)
  return { ended, log, advanced, clock, player: createPlayer(ended, clock, view) }
}

describe('attempts of a trace', () => {
  test('come in the order of their ends, each at its end', () => {
    const { log, player } = play([0, 3000], [100, 5], [200, 0])
    expect(player.moveTo(Infinity, Infinity)).toBe(true)
    expect(log).toEqual(['1 at 105', '2 at 200', '0 at 3000'])
    expect(player.positionNs).toBe(4e9)
  })

  test('are pending from 200 ms on until they end', () => {
    const { ended, player } = play([0, 900], [0, null], [700, 100])
    const pending = (nowNs: number) => [...ended.pending(nowNs)].map(({ endpoint }) => endpoint.remotePort)
    player.moveTo(100e6, Infinity)
    expect(pending(100e6)).toEqual([])
    player.moveTo(750e6, Infinity)
    expect(pending(750e6)).toEqual([0, 1])
    player.moveTo(Infinity, Infinity)
    expect(pending(player.positionNs)).toEqual([1])
    expect(ended.isFinished).toBe(true)
  })

  test('pass the same object for the same process and endpoint', () => {
    const rows = [makeRow(), makeRow({ startedNs: 1 }), makeRow({ startedNs: 2, comm: 'wget' })]
    const taken: TopAttempt[] = []
    createEndedAttempts([rows]).take(Infinity, Infinity, (attempt) => void taken.push(attempt))
    expect(taken[0]?.process).toBe(taken[1]?.process)
    expect(taken[0]?.process).not.toBe(taken[2]?.process)
    expect(taken[0]?.endpoint).toBe(taken[2]?.endpoint)
  })

  test('are read once, when they begin: what waits is not the row', () => {
    const read: string[] = []
    function* rows() {
      for (const row of rowsOf([0, 5000], [100, 10], [200, null])) {
        const { proxy, revoke } = Proxy.revocable(row, {})
        yield proxy
        revoke()
      }
    }
    const ended = createEndedAttempts([rows()])
    ended.take(Infinity, Infinity, ({ endpoint, latencyNs }) => void read.push(`${endpoint.remotePort} ${latencyNs}`))
    expect(read).toEqual(['1 10000000', '0 5000000000'])
    expect([...ended.pending(10e9)].map(({ endpoint }) => endpoint.remotePort)).toEqual([2])
  })

  test('that a session does not end are not pending in the next one', () => {
    const [first, second] = [
      rowsOf([0, null], [0, 900]),
      rowsOf([100_000, null], [100_100, 10]).map((row) => ({ ...row, remotePort: row.remotePort + 10 })),
    ]
    const ended = createEndedAttempts([first, [], second])
    const pendingAt = (nowNs: number) => {
      ended.take(nowNs, Infinity, () => {})
      return [...ended.pending(nowNs)].map(({ endpoint }) => endpoint.remotePort)
    }
    expect(pendingAt(300e6)).toEqual([1, 0])
    expect(pendingAt(99e9)).toEqual([0])
    expect(pendingAt(101e9)).toEqual([10])
  })

  test('beyond the limit of waiting ones are counted; those without an end make room first', () => {
    const rows = rowsOf([0, null], [1, 5000], [2, 4000], [3, 3000], [4, 2000], [6000, 1])
    const ended = createEndedAttempts([rows], 3)
    const taken: number[] = []
    ended.take(1e9, Infinity, () => {})
    expect([...ended.pending(1e9)].map(({ endpoint }) => endpoint.remotePort)).toEqual([1, 2, 3])
    expect(ended.missingCount).toBe(2)
    ended.take(Infinity, Infinity, ({ endpoint }) => void taken.push(endpoint.remotePort))
    expect(taken).toEqual([3, 2, 1, 5])
    expect([ended.missingCount, ended.endedCount, ended.isFinished]).toEqual([2, 4, true])
  })

  test('of an empty trace are finished', () => {
    const { ended, player } = play()
    expect(player.moveTo(0, 10)).toBe(true)
    expect([ended.isFinished, ended.endedCount, player.positionNs]).toEqual([true, 0, 1e9])
  })
})

describe('a player', () => {
  test('stops at its limit, and goes on from there', () => {
    const { log, player } = play([0, 10], [20, 10], [40, 10])
    expect(player.moveTo(1e9, 2)).toBe(false)
    expect(player.positionNs).toBe(20e6)
    expect(player.moveTo(1e9, 10)).toBe(true)
    expect(log).toHaveLength(3)
  })

  test('steps to the end of the next second in which an attempt ended, across gaps, and pauses', () => {
    const { log, clock, player } = play([0, 10], [500, 10], [90_100, 10], [90_200, 3_600_000])
    player.step()
    expect([log.length, player.positionNs, clock.isPaused]).toEqual([2, 1e9, true])
    player.step()
    expect([log.length, player.positionNs]).toEqual([3, 91e9])
    player.step()
    expect([log.length, player.positionNs]).toEqual([4, 3691e9])
    player.step()
    expect(player.positionNs).toBe(3691e9)
  })
})

test('a step crosses a year without an attempt at once', () => {
  const year = 365 * 86_400_000
  const { log, advanced, player } = play([0, 10], [year, 10], [year, null])
  player.step()
  const before = advanced.length
  player.step()
  expect([log.length, player.positionNs]).toEqual([2, year * 1e6 + 1e9])
  expect(advanced.length - before).toBeLessThan(5)
})

describe('a replay clock', () => {
  test('runs at its speed, stands while paused, and is set back by what was not reached', () => {
    let nowMs = 1000
    const clock = createReplayClock(60, false, () => nowMs)
    nowMs += 100
    expect(clock.advance()).toBe(6e9)
    clock.set(2e9)
    nowMs += 50
    expect(clock.advance()).toBe(5e9)
    clock.pause(true)
    nowMs += 500
    expect(clock.advance()).toBe(5e9)
    clock.pause(false)
    nowMs += 10
    expect(clock.advance()).toBe(5.6e9)
  })

  test('does not make up for the time in which the process was stopped', () => {
    let nowMs = 0
    const clock = createReplayClock(2, false, () => nowMs)
    nowMs += 3_600_000
    expect(clock.advance()).toBe(2e9)
  })

  test('measures its actual speed', () => {
    let nowMs = 0
    const clock = createReplayClock(10, false, () => nowMs)
    nowMs += 1000
    clock.advance()
    clock.set(4e9)
    expect(clock.measure()).toBe(4)
  })
})
