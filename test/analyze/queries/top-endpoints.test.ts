import type { Database } from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { topEndpoints } from '../../../src/analyze/queries/top-endpoints.js'
import { RELATIVE_ERROR } from '../../../src/store/latency-histogram.js'
import { createRandom } from '../../store/random.js'
import { naiveEndpoints } from '../naive-endpoints.js'
import { makeSampleTrace, sampleEvents } from '../sample-trace.js'

const EXACT = ['remote_address', 'remote_port', 'attempts', 'failed', 'syn_retransmits', 'max_ns'] as const
const APPROXIMATE = ['p50_ns', 'p90_ns', 'p99_ns'] as const

/** The rows as objects by column. */
function runQuery(db: Database, sessionIds: readonly number[], limit = Infinity): Record<string, unknown>[] {
  const { columns, rows } = topEndpoints.run(db, { sessionIds, limit })
  return rows.map((row) => Object.fromEntries(row.map((value, i) => [columns[i]?.name, value])))
}

/** Every number as computed from all rows; percentiles within the error that the footer states. */
function expectNaive(db: Database, sessionIds: readonly number[]): void {
  const naive = naiveEndpoints(db, sessionIds)
  const rows = runQuery(db, sessionIds)
  expect(rows).toHaveLength(naive.size)
  for (const row of rows) {
    const expected = naive.get(`${row.remote_address as string} ${row.remote_port as number}`)!
    for (const name of EXACT) expect(row[name], name).toBe(expected[name])
    for (const name of APPROXIMATE) expectWithin(row[name] as number | null, expected[name])
    expect(row.failed_percent).toBeCloseTo((expected.failed / expected.attempts) * 100)
  }
}

function expectWithin(value: number | null, exact: number | null): void {
  if (exact === null) return expect(value).toBeNull()
  expect(Math.abs((value as number) - exact)).toBeLessThanOrEqual(exact * RELATIVE_ERROR + 0.5)
}

const random = createRandom(1)
const batches = () => [
  sampleEvents(random, 400),
  null,
  sampleEvents(random, 300),
  sampleEvents(random, 1),
  null,
  sampleEvents(random, 50),
]

describe('every number is that of all rows', () => {
  test('of a session that was closed', () => {
    const { db } = makeSampleTrace({ batches: batches() })
    expectNaive(db, [1])
  })

  test('of a session that was cut off, with windows and rows after them', () => {
    const { db } = makeSampleTrace({ batches: batches(), goodbye: false })
    expectNaive(db, [1])
  })

  test('of a session that was cut off before its first window', () => {
    const { db } = makeSampleTrace({ batches: [sampleEvents(random, 500)], goodbye: false })
    expect(db.prepare('SELECT count(*) FROM latency_window').pluck().get()).toBe(0)
    expectNaive(db, [1])
  })

  test('of one session among several, and of all of them together', () => {
    const { db } = makeSampleTrace(
      { batches: batches(), goodbye: false },
      { batches: batches() },
      { batches: batches(), goodbye: false },
    )
    expectNaive(db, [2])
    expectNaive(db, [3])
    expectNaive(db, [1, 2, 3])
  })

  test('of a session whose losses came alone', () => {
    const loss = { ringFull: 5, mapFull: 0, writerBehind: 0, missed: 0 }
    const { db } = makeSampleTrace({ batches: [[], sampleEvents(random, 30), []], loss, goodbye: false })
    expectNaive(db, [1])
  })
})

test('a session without attempts has no endpoints', () => {
  const { db } = makeSampleTrace({ batches: [] }, { batches: [[]], goodbye: false })
  expect(runQuery(db, [1])).toEqual([])
  expect(runQuery(db, [2])).toEqual([])
})

test('an endpoint without an established attempt has no latency', () => {
  const { db } = makeSampleTrace({ batches: [[{ outcome: 1, error: 111 }, { outcome: 7 }]] })
  expect(runQuery(db, [1])).toMatchObject([
    { attempts: 2, failed: 1, failed_percent: 50, p50_ns: null, p99_ns: null, max_ns: null },
  ])
})

test('the most attempts come first, and the limit says how many were left out', () => {
  const events = [80, 80, 80, 443, 443, 22].map((remotePort) => ({ remotePort }))
  const { db } = makeSampleTrace({ batches: [events] })
  expect(runQuery(db, [1]).map((row) => row.remote_port)).toEqual([80, 443, 22])
  const { rows, notes } = topEndpoints.run(db, { sessionIds: [1], limit: 1 })
  expect(rows).toHaveLength(1)
  expect(notes[0]).toContain('2 more endpoints')
  expect(topEndpoints.run(db, { sessionIds: [1], limit: 3 }).notes.join()).not.toContain('more endpoints')
})

test('the footer says what is covered, and how exact it is', () => {
  const { db } = makeSampleTrace({ batches: [] })
  expect(topEndpoints.run(db, { sessionIds: [1], limit: 5 }).notes).toEqual([
    'latency covers established attempts; percentiles are within 0.8%',
  ])
})
