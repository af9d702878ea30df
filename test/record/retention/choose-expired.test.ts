import { describe, expect, test } from 'vitest'
import { chooseExpired, type KeptFile } from '../../../src/record/retention/choose-expired.js'

const DAY_MS = 86_400_000

/** One file per day, 100 bytes each; a-1 is the oldest. */
const FILES: KeptFile[] = [3, 1, 2, 4].map((day) => ({ name: `a-${day}`, bytes: 100, endedMs: day * DAY_MS }))

const chosen = (keep: Parameters<typeof chooseExpired>[1], nowMs: number, runningBytes = 0) =>
  chooseExpired(FILES, keep, { nowMs, runningBytes }).map(({ name }) => name)

describe('by age', () => {
  const keep = { ns: 2 * DAY_MS * 1e6 }

  test('removes files that ended before the limit, the oldest first', () => {
    expect(chosen(keep, 4 * DAY_MS + 1)).toEqual(['a-1', 'a-2'])
  })

  test('keeps a file that ended exactly at the limit', () => {
    expect(chosen(keep, 4 * DAY_MS)).toEqual(['a-1'])
  })

  test('removes nothing if the clock was set back', () => {
    expect(chosen(keep, 0)).toEqual([])
  })
})

test('sorts files by their end, not by name: the clock may have been wrong when it named a file', () => {
  const files = [
    { name: 'a-2099', bytes: 100, endedMs: DAY_MS },
    { name: 'a-2026', bytes: 100, endedMs: 2 * DAY_MS },
    { name: 'a-2027', bytes: 100, endedMs: 2 * DAY_MS },
  ]
  const names = chooseExpired(files, { bytes: 150 }, { nowMs: 0, runningBytes: 0 }).map(({ name }) => name)
  expect(names).toEqual(['a-2099', 'a-2026'])
})

describe('by size', () => {
  test.each([
    [401, 0, []],
    [400, 0, []],
    [399, 0, ['a-1']],
    [200, 0, ['a-1', 'a-2']],
    [400, 1, ['a-1']],
    [300, 150, ['a-1', 'a-2', 'a-3']],
    // The file that is being recorded into stays, whatever its size.
    [10, 500, ['a-1', 'a-2', 'a-3', 'a-4']],
  ])('keeps %d bytes, including a running file of %d', (bytes, runningBytes, expected) => {
    expect(chosen({ bytes }, 0, runningBytes)).toEqual(expected)
  })
})
