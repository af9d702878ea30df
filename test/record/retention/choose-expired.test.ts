import { describe, expect, test } from 'vitest'
import { chooseExpired, type KeptFile } from '../../../src/record/retention/choose-expired.js'

const DAY_MS = 86_400_000

/** One a day, 100 bytes each; a-1 is the oldest. */
const FILES: KeptFile[] = [3, 1, 2, 4].map((day) => ({ name: `a-${day}`, bytes: 100, endedMs: day * DAY_MS }))

const chosen = (keep: Parameters<typeof chooseExpired>[1], nowMs: number, runningBytes = 0) =>
  chooseExpired(FILES, keep, { nowMs, runningBytes }).map(({ name }) => name)

describe('by age', () => {
  const keep = { ns: 2 * DAY_MS * 1e6 }

  test('what ended longer ago goes, the oldest first', () => {
    expect(chosen(keep, 4 * DAY_MS + 1)).toEqual(['a-1', 'a-2'])
  })

  test('what ended just then stays', () => {
    expect(chosen(keep, 4 * DAY_MS)).toEqual(['a-1'])
  })

  test('a clock that was set back removes nothing', () => {
    expect(chosen(keep, 0)).toEqual([])
  })
})

test('by their ends: names are given by a clock, which may have run ahead', () => {
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
    // The file that is recorded into stays, however large it is.
    [10, 500, ['a-1', 'a-2', 'a-3', 'a-4']],
  ])('%d bytes beside a running file of %d', (bytes, runningBytes, expected) => {
    expect(chosen({ bytes }, 0, runningBytes)).toEqual(expected)
  })
})
