import { expect, test, vi } from 'vitest'
import { createSchedule } from '../../../src/record/rotate/schedule.js'

test('by time: once per period since the beginning, even if a step is late', () => {
  const schedule = createSchedule({ ns: 10e9 })
  const bytes = vi.fn(() => 1e12)
  expect([9.9e9, 10e9].map((nowNs) => schedule.isDue(nowNs, bytes))).toEqual([false, true])
  schedule.begin(10.2e9)
  expect([10.3e9, 19.9e9, 20e9].map((nowNs) => schedule.isDue(nowNs, bytes))).toEqual([false, false, true])
  schedule.begin(57e9)
  expect([59.9e9, 60e9].map((nowNs) => schedule.isDue(nowNs, bytes))).toEqual([false, true])
  expect(bytes).not.toHaveBeenCalled()
})

test('by size', () => {
  const schedule = createSchedule({ bytes: 1000 })
  expect([0, 999, 1000, 5000].map((bytes) => schedule.isDue(1e18, () => bytes))).toEqual([false, false, true, true])
  schedule.begin(1e18)
  expect(schedule.isDue(1e18, () => 1000)).toBe(true)
})

test('a failed rotation is tried again after five seconds', () => {
  const schedule = createSchedule({ ns: 1e9 })
  schedule.putOff(1e9)
  expect([2e9, 5.9e9, 6e9].map((nowNs) => schedule.isDue(nowNs, () => 0))).toEqual([false, false, true])
})
