import { describe, expect, test } from 'vitest'
import { rankRows } from '../../../src/analyze/result/rank-rows.js'
import type { Column, Row } from '../../../src/analyze/result/result.js'
import { UsageError } from '../../../src/errors.js'

const COLUMNS: readonly Column[] = [
  { name: 'comm', heading: 'COMM', kind: 'text' },
  { name: 'p50_ns', heading: 'P50', kind: 'duration' },
  { name: 'seen', heading: 'LAST SEEN', kind: 'time' },
]
const ITEMS: readonly Row[] = [
  ['curl', 5, 2n ** 60n],
  [null, 7, 2n ** 60n + 1n],
  ['wget', null, null],
  ['apt', 7, 3n],
]

/** What comes first by itself is the first item. */
function rank(sort: string | null, limit = Infinity) {
  const compare = (a: Row, b: Row) => ITEMS.indexOf(a) - ITEMS.indexOf(b)
  return rankRows({ columns: COLUMNS, items: ITEMS.toReversed(), compare, toRow: (row) => row }, { sort, limit })
}

test('without --sort the query’s own order holds, and only rows that are shown are made', () => {
  let made = 0
  const toRow = (row: Row) => [made++, ...row]
  const compare = (a: Row, b: Row) => ITEMS.indexOf(a) - ITEMS.indexOf(b)
  const { rows, hiddenRows } = rankRows({ columns: COLUMNS, items: ITEMS, compare, toRow }, { sort: null, limit: 2 })
  expect(rows.map((row) => row[1])).toEqual(['curl', null])
  expect([made, hiddenRows]).toEqual([2, 2])
})

describe('--sort', () => {
  test.each([
    ['texts from a to z, what is missing last', 'comm', ['apt', 'curl', 'wget', null]],
    ['numbers from the highest, what is equal in its own order', 'p50_ns', [null, 'apt', 'curl', 'wget']],
    ['without the unit', 'p50', [null, 'apt', 'curl', 'wget']],
    ['by the heading', 'LAST-SEEN', [null, 'curl', 'apt', 'wget']],
    ['by the heading in small letters', 'last seen', [null, 'curl', 'apt', 'wget']],
    ['integers beyond 2^53 exactly', 'seen', [null, 'curl', 'apt', 'wget']],
  ])('%s', (_, sort, comms) => {
    expect(rank(sort).rows.map((row) => row[0])).toEqual(comms)
  })

  test('takes the first rows of all', () => {
    const { rows, hiddenRows } = rank('comm', 1)
    expect([rows.map((row) => row[0]), hiddenRows]).toEqual([['apt'], 3])
  })

  test.each([
    ['p51_ns', 'p50_ns'],
    ['P51', 'p50'],
    ['sene', 'seen'],
    ['com', 'comm'],
    ['', null],
    ['latency', null],
  ])('%j is refused with a suggestion: %s', (sort, meant) => {
    const hint = meant === null ? expect.stringContaining('help') : `did you mean ${meant}?`
    const reason = '--sort takes a column: comm, p50_ns, seen'
    expect(() => rank(sort)).toThrow(UsageError)
    expect(() => rank(sort)).toThrow(expect.objectContaining({ reason, hint }))
  })
})

test('a limit beyond the rows hides none', () => {
  expect(rank(null, 4).hiddenRows).toBe(0)
  expect(rank(null, 1000).rows).toHaveLength(4)
})
