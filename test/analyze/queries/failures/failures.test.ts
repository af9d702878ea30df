import { describe, expect, test } from 'vitest'
import { failures } from '../../../../src/analyze/queries/failures/failures.js'
import { rowObjects, runQuery, type Connect } from '../../query-rows.js'
import { makeSampleTrace } from '../../sample-trace.js'
import { SCOPE_CASES, connectsOfCase, groupRows, makeOtherHost, makeTwoSessions } from '../../scope-cases.js'

const NAMES: Record<string, string> = {
  99: 'EADDRNOTAVAIL',
  104: 'ECONNRESET',
  110: 'ETIMEDOUT',
  111: 'ECONNREFUSED',
  113: 'EHOSTUNREACH',
}
const keyOf = (row: Readonly<Record<string, unknown>>) =>
  [row.remote_address, row.remote_port, row.outcome, row.errno].join(' ')

/** The most frequent value; of equally frequent ones, the first in alphabetical order. */
function mostFrequent(rows: readonly Connect[], textOf: (row: Connect) => unknown): string {
  const counts = [...groupRows(rows, textOf)].map(([text, group]) => ({ text, count: group.length }))
  return counts.toSorted((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1))[0]!.text
}

describe.each([1, 2])('over %i files', (fileCount) => {
  test.each(SCOPE_CASES)('every value equals that of all rows: $name', (scopeCase) => {
    const traces = [makeTwoSessions(4), makeOtherHost(5)].slice(0, fileCount)
    const failed = connectsOfCase(traces, scopeCase).filter((row) => !['established', 'pending'].includes(row.outcome))
    const naive = groupRows(failed, keyOf)
    const files = traces.map(({ file }) => file)
    const found = rowObjects(runQuery(failures, files, scopeCase.raw))
    expect(found.map(keyOf).toSorted()).toEqual([...naive.keys()].toSorted())
    for (const row of found) {
      const rows = naive.get(keyOf(row))!
      const starts = rows.map((one) => one.started_ns).toSorted((a, b) => (a < b ? -1 : 1))
      expect(row).toMatchObject({
        attempts: rows.length,
        errno_name: row.errno === null ? null : NAMES[String(row.errno)],
        first_seen_ns: starts[0],
        last_seen_ns: starts.at(-1),
        comm: mostFrequent(rows, (one) => one.comm),
        user: mostFrequent(rows, (one) => one.user ?? one.uid),
        processes: new Set(rows.map((one) => `${one.host} ${one.pid} ${one.process_start_ns}`)).size,
      })
    }
    const counts = found.map((row) => row.attempts as number)
    expect(counts).toEqual(counts.toSorted((a, b) => b - a))
  })
})

test('rows with equal attempts and last start are sorted by address, port, outcome and errno', () => {
  const kinds = [
    { remotePort: 81, outcome: 1, error: 111 },
    { remotePort: 80, outcome: 5, error: 0 },
    { remotePort: 80, outcome: 1, error: 111 },
    { remotePort: 80, outcome: 6, error: 99 },
    { remotePort: 80, outcome: 6, error: 13 },
    { remotePort: 443, outcome: 1, error: 111, latencyNs: 5n },
  ]
  const events = kinds.map((kind) => ({ startedNs: 1000n, ...kind }))
  const orders = [events, events.toReversed()].map((batch) =>
    rowObjects(runQuery(failures, [makeSampleTrace({ batches: [batch] }).file])).map((row) =>
      [row.remote_port, row.outcome, row.errno].join(' '),
    ),
  )
  expect(orders[0]).toEqual([
    '80 cancelled ',
    '80 local_error 13',
    '80 local_error 99',
    '80 refused 111',
    '81 refused 111',
    '443 refused 111',
  ])
  expect(orders[1]).toEqual(orders[0])
})

test('times are those of the wall clock, which may be set back during the recording', () => {
  const events = [1, 20, 40, 50].map((second) => ({ startedNs: BigInt(second) * 10n ** 9n, outcome: 1, error: 111 }))
  const trace = makeSampleTrace({ batches: [events] })
  trace.db.exec(
    `INSERT INTO clock_offset SELECT session_id, 30000000000, unix_offset_ns - 3600000000001 FROM clock_offset`,
  )
  const [times] = trace.db.prepare('SELECT min(started_ns), max(started_ns) FROM connects').raw().safeIntegers().all()
  const [row] = rowObjects(runQuery(failures, [trace.file]))
  expect([row!.first_seen_ns, row!.last_seen_ns]).toEqual(times)
})

test('errors have a meaning, also without an errno and with one that connect(2) does not return', () => {
  const events = [
    { outcome: 1, error: 111 },
    { outcome: 5, error: 0 },
    { outcome: 6, error: 4000 },
  ]
  const { file } = makeSampleTrace({ batches: [events] })
  const found = rowObjects(runQuery(failures, [file], {}, { sort: 'outcome' }))
  expect(found).toMatchObject([
    { outcome: 'cancelled', errno: null, errno_name: null, meaning: expect.stringContaining('before an answer') },
    { outcome: 'local_error', errno: 4000, errno_name: '4000' },
    { outcome: 'refused', errno: 111, errno_name: 'ECONNREFUSED', meaning: expect.stringMatching(/./) },
  ])
})

test.each([[[]], [[{}, { outcome: 7 }]]])('there are no failures among %j', (events) => {
  const { file } = makeSampleTrace({ batches: [events] })
  expect(runQuery(failures, [file])).toMatchObject({ rows: [], whenEmpty: 'no attempt failed' })
})

test.each(['established', 'pending'])('%s attempts are not failures, even if they are selected', (outcome) => {
  const { file } = makeSampleTrace({ batches: [[{}, { outcome: 7 }, { outcome: 1, error: 111 }]] })
  expect(runQuery(failures, [file], { outcome: [outcome] }).rows).toEqual([])
})

test('reports that connects that fail before a SYN were not recorded (GAP-32)', () => {
  const note = (sessions: readonly number[]) => {
    const { db, file } = makeSampleTrace({ batches: [[{}]] }, { batches: [[{}]] })
    for (const id of sessions) db.prepare('UPDATE session SET has_local_errors = 1 WHERE session_id = ?').run(id)
    return runQuery(failures, [file], { session: 'all' }).notes?.filter((line) => line.includes('before a SYN'))
  }
  expect(note([])).toEqual(['connects that fail before a SYN were not recorded: sudo tcpconn record --local-errors'])
  expect(note([1])).toEqual([
    'connects that fail before a SYN were not recorded in 1 of 2 sessions: sudo tcpconn record --local-errors',
  ])
  expect(note([1, 2])).toEqual([])
})
