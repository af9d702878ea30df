import { describe, expect, test } from 'vitest'
import { ITSELF, rankRows } from '../../../src/analyze/query/rank-rows.js'
import type { Row, ValueColumn } from '../../../src/analyze/result/result.js'
import { UsageError } from '../../../src/base/errors.js'

const COLUMNS: readonly ValueColumn<Row>[] = [
  { name: 'comm', heading: 'COMM', kind: 'text', value: (row) => row[0]! },
  { name: 'p50_ns', heading: 'P50', kind: 'duration', value: (row) => row[1]! },
  { name: 'seen', heading: 'LAST SEEN', kind: 'time', value: (row) => row[2]! },
]
const ITEMS: readonly Row[] = [
  ['curl', 5, 2n ** 60n],
  [null, 7, 2n ** 60n + 1n],
  ['wget', null, null],
  ['apt', 7, 3n],
]

/** The first item in the query's own order. */
function rank(sort: string | null, limit = Infinity) {
  const compare = (a: Row, b: Row) => ITEMS.indexOf(a) - ITEMS.indexOf(b)
  return rankRows({ columns: COLUMNS, items: ITEMS.toReversed(), compare, prepare: ITSELF }, { sort, limit })
}

test("without --sort the query's own order applies, and only the shown rows are created", () => {
  const told: (readonly Row[])[] = []
  const made: Row[] = []
  const prepare = (shown: readonly Row[]) => {
    told.push(shown)
    return (row: Row) => {
      made.push(row)
      return row.with(0, `${row[0]}!`)
    }
  }
  const { columns, rows, hiddenRows } = rankRows({ columns: COLUMNS, items: ITEMS, prepare }, { sort: null, limit: 2 })
  expect(columns).toBe(COLUMNS)
  expect(rows).toEqual([
    ['curl!', 5, 2n ** 60n],
    ['null!', 7, 2n ** 60n + 1n],
  ])
  expect([told, made, hiddenRows]).toEqual([[ITEMS.slice(0, 2)], ITEMS.slice(0, 2), 2])
})

test('equal items are sorted by their keys, ascending, NULL last', () => {
  const keyOf = (row: Row) => row.slice(0, 1)
  const order = (items: readonly Row[], sort: string | null, limit = Infinity) =>
    rankRows({ columns: COLUMNS, items, compare: () => 0, keyOf, prepare: ITSELF }, { sort, limit }).rows
  const comms = (rows: readonly Row[]) => rows.map((row) => row[0])
  for (const items of [ITEMS, ITEMS.toReversed()]) {
    expect(comms(order(items, null))).toEqual(['apt', 'curl', 'wget', null])
    expect(comms(order(items, null, 2))).toEqual(['apt', 'curl'])
    expect(comms(order(items, 'p50', 3))).toEqual(['apt', null, 'curl'])
  }
})

describe('--sort', () => {
  test.each([
    ['sorts texts ascending, NULL last', 'comm', ['apt', 'curl', 'wget', null]],
    ["sorts numbers descending, equal ones in the query's own order", 'p50_ns', [null, 'apt', 'curl', 'wget']],
    ['accepts a name without the unit', 'p50', [null, 'apt', 'curl', 'wget']],
    ['accepts the heading', 'LAST-SEEN', [null, 'curl', 'apt', 'wget']],
    ['accepts the heading in lower case', 'last seen', [null, 'curl', 'apt', 'wget']],
    ['sorts integers above 2^53 exactly', 'seen', [null, 'curl', 'apt', 'wget']],
  ])('%s', (_, sort, comms) => {
    expect(rank(sort).rows.map((row) => row[0])).toEqual(comms)
  })

  test('sorts before it applies the limit', () => {
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

test('a limit above the number of rows hides none', () => {
  expect(rank(null, 4).hiddenRows).toBe(0)
  expect(rank(null, 1000).rows).toHaveLength(4)
})
