import { describe, expect, test } from 'vitest'
import { slowest } from '../../../../src/analyze/queries/slowest/slowest.js'
import { createRandom } from '../../../store/random.js'
import { rowObjects, runQuery, type Connect, type RowObject } from '../../query-rows.js'
import { makeSampleTrace, type SampleTrace } from '../../sample-trace.js'
import { SCOPE_CASES, connectsOfCase, makeOtherHost, makeTwoSessions, type ScopeCase } from '../../scope-cases.js'
import { variedEvents } from '../../varied-events.js'

/** Rows of a case, the slowest first. */
function naiveSlowest(traces: readonly SampleTrace[], scopeCase: ScopeCase): Connect[] {
  const outcomes = scopeCase.raw.outcome ?? ['established']
  return connectsOfCase(traces, scopeCase)
    .filter((row) => outcomes.includes(row.outcome) && row.latency_ns !== null)
    .toSorted((a, b) => b.latency_ns! - a.latency_ns!)
}

/** As text: rows with equal latencies, and columns, may have any order. */
const asText = (rows: readonly (RowObject | Connect)[]) =>
  rows
    .map((row) =>
      JSON.stringify(Object.entries(row).toSorted(), (_, value) => (typeof value === 'bigint' ? String(value) : value)),
    )
    .toSorted()

describe.each([1, 2])('over %i files', (fileCount) => {
  test.each(SCOPE_CASES)('rows equal those of the view: $name', (scopeCase) => {
    const traces = [makeTwoSessions(8), makeOtherHost(9)].slice(0, fileCount)
    const naive = naiveSlowest(traces, scopeCase)
    const files = traces.map(({ file }) => file)
    for (const limit of [1, 7, 500, 100_000]) {
      const found = rowObjects(runQuery(slowest, files, scopeCase.raw, { limit }))
      expect(found.map((row) => row.latency_ns)).toEqual(naive.slice(0, limit).map((row) => row.latency_ns))
      const last = naive[Math.min(limit, naive.length) - 1]?.latency_ns ?? -1
      // All attempts that are slower than the last row must be present.
      const certain = naive.filter((row) => row.latency_ns! > last)
      const expected = fileCount === 1 ? certain.map(({ host: _, ...row }) => row) : certain
      expect(asText(found.filter((row) => Number(row.latency_ns) > last))).toEqual(asText(expected as Connect[]))
    }
  })
})

test('the columns are those of the view, in its order', () => {
  const { db } = makeSampleTrace({ batches: [] })
  const view = db.prepare('SELECT * FROM connects').columns()
  expect(slowest.columns.map(({ name }) => name)).toEqual(view.map(({ name }) => name))
})

test('there are 20 rows in every format, or as many as requested', () => {
  const { file } = makeSampleTrace({ batches: [variedEvents(createRandom(1), 3000)] })
  expect(runQuery(slowest, [file], {}, { limit: Infinity }).rows).toHaveLength(20)
  expect(runQuery(slowest, [file], {}, { limit: 25 })).toMatchObject({ hiddenRows: 0 })
  expect(runQuery(slowest, [file], {}, { limit: 25 }).rows).toHaveLength(25)
})

test('a number of rows that is too large for single lookups is refused', () => {
  const { file } = makeSampleTrace({ batches: [[{}]] })
  expect(() => runQuery(slowest, [file], {}, { limit: 100_001 })).toThrow(
    expect.objectContaining({ code: 'E_USAGE', reason: expect.stringContaining('tcpconn export') }),
  )
})

test('--sort sorts the slowest attempts, and does not select others', () => {
  const events = [5, 1, 9, 7].map((ms) => ({ latencyNs: BigInt(ms) * 10n ** 6n, pid: ms }))
  const { file } = makeSampleTrace({ batches: [events] })
  const found = rowObjects(runQuery(slowest, [file], {}, { limit: 2, sort: 'pid' }))
  expect(found.map((row) => row.pid)).toEqual([9, 7])
  expect(runQuery(slowest, [file], {}, { limit: 2 }).notes[0]).toContain('the 2 slowest of 4 attempts (established)')
})

test('of attempts with equal latency, the first are shown', () => {
  const events = Array.from({ length: 5000 }, (_, i) => ({ latencyNs: 1000n, tid: i + 1000 }))
  const { file } = makeSampleTrace({ batches: [events] })
  expect(rowObjects(runQuery(slowest, [file], {}, { limit: 3 })).map((row) => row.tid)).toEqual([1000, 1001, 1002])
})

test('timeouts are included only if they are selected', () => {
  const events = [{}, { outcome: 2, error: 110, latencyNs: 10n ** 11n }, { outcome: 7 }]
  const { file } = makeSampleTrace({ batches: [events] })
  expect(rowObjects(runQuery(slowest, [file])).map((row) => row.outcome)).toEqual(['established'])
  const failed = runQuery(slowest, [file], { outcome: ['failed'] })
  expect(rowObjects(failed).map((row) => row.outcome)).toEqual(['timed_out'])
  expect(runQuery(slowest, [file], { outcome: ['pending'] }).rows).toEqual([])
})

test('DNS names and times after a clock change are those of the view', () => {
  const trace = makeSampleTrace({ batches: [[{ startedNs: 1n }, { startedNs: 40_000_000_000n }]] })
  expect(hidden(trace.file)).toContain('dns_name')
  trace.db.exec(`
    INSERT INTO dns_name VALUES (1, 'db.example');
    INSERT INTO connect_dns VALUES (2, 1, 12345, 678, 9);
    INSERT INTO clock_offset SELECT session_id, 30000000000, unix_offset_ns + 3600000000001 FROM clock_offset`)
  const scopeCase = { name: '', raw: {}, where: '1' }
  const naive = connectsOfCase([trace], scopeCase).map(({ host: _, ...row }) => row)
  expect(asText(rowObjects(runQuery(slowest, [trace.file])))).toEqual(asText(naive as unknown as Connect[]))
  expect(hidden(trace.file)).not.toContain('dns_name')
})

function hidden(file: string): string[] {
  return runQuery(slowest, [file]).columns.flatMap((column) => (column.isHidden ? [column.name] : []))
}

test('rows of several files begin with the host', () => {
  const traces = [makeTwoSessions(1), makeOtherHost(2)].map(({ file }) => file)
  expect(runQuery(slowest, traces).columns[0]).toMatchObject({ name: 'host' })
  expect(runQuery(slowest, traces.slice(1)).columns[0]).toMatchObject({ name: 'session_id' })
})

test('without established attempts there are no rows', () => {
  const { file } = makeSampleTrace({ batches: [[{ outcome: 1, error: 111 }]] })
  expect(runQuery(slowest, [file]).notes).toEqual([
    'only established attempts are looked at; --outcome failed shows the slowest failures',
  ])
  expect(runQuery(slowest, [file], { outcome: ['reset'] }).notes).toEqual(['only reset attempts are looked at'])
})
