import { describe, expect, test } from 'vitest'
import { topEndpoints } from '../../../../src/analyze/queries/top-endpoints/top-endpoints.js'
import { RELATIVE_ERROR } from '../../../../src/sums/latency-histogram.js'
import { createRandom } from '../../../store/random.js'
import { rowObjects, runQuery, type RowObject } from '../../query-rows.js'
import { sampleEvents } from '../../sample-events.js'
import { makeSampleTrace, type SampleTrace } from '../../sample-trace.js'

const EXACT = ['attempts', 'failed', 'failed_percent', 'share_percent', 'syn_retransmits', 'max_ns'] as const
const APPROXIMATE = ['p50_ns', 'p90_ns', 'p99_ns'] as const

/** The rows of a session, or of all sessions. */
function rowsOf({ file }: SampleTrace, session: string, exact = false): RowObject[] {
  return rowObjects(runQuery(topEndpoints, [file], { session, exact }))
}

/**
 * With stored sums, every count equals that of all rows, and percentiles are within the error that the footer states.
 * test/analyze/oracle compares all rows with another engine.
 */
function expectSums(trace: SampleTrace, session: string): void {
  const exact = new Map(rowsOf(trace, session, true).map((row) => [keyOf(row), row]))
  const rows = rowsOf(trace, session)
  expect(rows.map(keyOf).toSorted()).toEqual([...exact.keys()].toSorted())
  for (const row of rows) {
    const expected = exact.get(keyOf(row)) as RowObject
    for (const name of EXACT) expect(row[name], name).toBe(expected[name])
    for (const name of APPROXIMATE) expectWithin(row[name] as number | null, expected[name] as number | null)
  }
}

function keyOf({ remote_address, remote_port }: RowObject): string {
  return `${remote_address as string} ${remote_port as number}`
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

describe('with stored sums, every number equals that of all rows', () => {
  test('of a closed session', () => {
    const trace = makeSampleTrace({ batches: batches() })
    expectSums(trace, '1')
  })

  test('of an unclean shutdown, with windows and rows after them', () => {
    const trace = makeSampleTrace({ batches: batches(), goodbye: false })
    expectSums(trace, '1')
  })

  test('of an unclean shutdown before its first window', () => {
    const trace = makeSampleTrace({ batches: [sampleEvents(random, 500)], goodbye: false })
    expect(trace.db.prepare('SELECT count(*) FROM latency_window').pluck().get()).toBe(0)
    expectSums(trace, '1')
  })

  test('of one session among several, and of all together', () => {
    const trace = makeSampleTrace(
      { batches: batches(), goodbye: false },
      { batches: batches() },
      { batches: batches(), goodbye: false },
    )
    expectSums(trace, '2')
    expectSums(trace, '3')
    expectSums(trace, 'all')
  })

  test('of a session with batches that have only losses', () => {
    const loss = { ringFull: 5, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 }
    const trace = makeSampleTrace({ batches: [[], sampleEvents(random, 30), []], loss, goodbye: false })
    expectSums(trace, '1')
  })
})

test('a session without attempts has no endpoints', () => {
  const trace = makeSampleTrace({ batches: [] }, { batches: [[]], goodbye: false })
  expect(rowsOf(trace, '1')).toEqual([])
  expect(rowsOf(trace, '2')).toEqual([])
})

test('an endpoint without an established attempt has no latency', () => {
  const trace = makeSampleTrace({ batches: [[{ outcome: 1, error: 111 }, { outcome: 7 }]] })
  expect(rowsOf(trace, '1')).toMatchObject([
    { attempts: 2, failed: 1, failed_percent: 50, p50_ns: null, p99_ns: null, max_ns: null },
  ])
})

test('rows are sorted by attempts, and the number of rows beyond the limit is reported', () => {
  const events = [80, 80, 80, 443, 443, 22].map((remotePort) => ({ remotePort }))
  const trace = makeSampleTrace({ batches: [events] })
  expect(rowsOf(trace, '1').map((row) => row.remote_port)).toEqual([80, 443, 22])
  const { rows, hiddenRows } = runQuery(topEndpoints, [trace.file], {}, { limit: 1 })
  expect([rows.length, hiddenRows]).toEqual([1, 2])
  expect(runQuery(topEndpoints, [trace.file], {}, { limit: 3 }).hiddenRows).toBe(0)
})

test('the footer reports the selection and the accuracy', () => {
  const { file } = makeSampleTrace({ batches: [] })
  expect(runQuery(topEndpoints, [file]).notes).toEqual([
    'latency covers established attempts; percentiles are within 0.8% (--exact reads every value)',
  ])
  expect(runQuery(topEndpoints, [file], { exact: true, outcome: ['refused'] }).notes).toEqual([
    'latency covers refused attempts; percentiles are exact',
  ])
})

test('--by dns has a row per name and port, or per address if no name is known', () => {
  const trace = makeSampleTrace({ batches: [sampleEvents(random, 300), null, sampleEvents(random, 200)] })
  trace.db.exec(`
    INSERT INTO dns_name VALUES (1, 'db.example'), (2, 'web.example');
    INSERT INTO connect_dns SELECT attempt_id, 1 + attempt_id % 2, 5, NULL, 1 FROM connect_attempt WHERE attempt_id % 3 > 0`)
  const naive = trace.db
    .prepare(`SELECT coalesce(dns_name, remote_address) AS remote_name, remote_port, count(*) AS attempts
      FROM connects GROUP BY 1, 2 ORDER BY 1, 2`)
    .all()
  const found = rowObjects(runQuery(topEndpoints, [trace.file], {}, { values: { by: 'dns' } }))
  const rows = found.map(({ remote_name, remote_port, attempts }) => ({ remote_name, remote_port, attempts }))
  const order = (row: Partial<RowObject>) => `${row.remote_name} ${row.remote_port}`
  expect(rows.toSorted((a, b) => (order(a) < order(b) ? -1 : 1))).toEqual(naive)
})

test('--by dns reports that no lookups were recorded (GAP-57)', () => {
  const { db, file } = makeSampleTrace({ batches: [[{}]] })
  const notes = (by: string) => runQuery(topEndpoints, [file], {}, { values: { by } }).notes
  const line = 'DNS lookups were not recorded: sudo tcpconn record --dns'
  expect(notes('dns')).toContain(line)
  expect(notes('endpoint')).not.toContain(line)
  db.exec("UPDATE session SET dns_source = 'udp'")
  expect(notes('dns')).not.toContain(line)
})
