import { expect, test } from 'vitest'
import { watchClock } from '../../../src/record/retention/clock-watch.js'

const HOUR_MS = 3_600_000

function createScene() {
  const time = { ms: 0, aheadMs: 1e12 }
  const isSure = watchClock({ sinceBoot: () => time.ms, wall: () => time.ms + time.aheadMs })
  return { time, isSure }
}

test('trusts a clock that drifts but is not set', () => {
  const { time, isSure } = createScene()
  const answers = Array.from({ length: 500 }, () => {
    time.ms += 60_000
    time.aheadMs += 500
    return isSure()
  })
  expect(new Set(answers)).toEqual(new Set([true]))
})

test.each([120_000, -120_000])('does not trust a clock that was set by %d ms, for an hour', (stepMs) => {
  const { time, isSure } = createScene()
  expect(isSure()).toBe(true)
  time.aheadMs += stepMs
  expect(isSure()).toBe(false)
  time.ms += HOUR_MS - 1
  expect(isSure()).toBe(false)
  time.ms += 1
  expect(isSure()).toBe(true)
})

test('detects a clock that was set before the first check', () => {
  const { time, isSure } = createScene()
  time.aheadMs += HOUR_MS
  expect(isSure()).toBe(false)
})
