import { describe, expect, test } from 'vitest'
import { byUid } from '../../../src/analyze/queries/by-uid.js'
import { exactPercentile } from '../../store/random.js'
import { expectWithin } from '../expect-within.js'
import { countFailed, rowObjects, runQuery, type Connect } from '../query-rows.js'
import { makeSampleTrace } from '../sample-trace.js'
import {
  SCOPE_CASES,
  connectsOfCase,
  coveredLatencies,
  groupRows,
  makeOtherHost,
  makeTwoSessions,
} from '../scope-cases.js'

const different = (rows: readonly Connect[], keyOf: (row: Connect) => string) => new Set(rows.map(keyOf)).size

describe.each([1, 2])('over %i files', (fileCount) => {
  const traces = () => [makeTwoSessions(1), makeOtherHost(2)].slice(0, fileCount)

  test.each(SCOPE_CASES)('every number equals that of all rows: $name', (scopeCase) => {
    const made = traces()
    const naive = groupRows(connectsOfCase(made, scopeCase), (row) => `${row.user}/${row.uid}`)
    const found = rowObjects(
      runQuery(
        byUid,
        made.map(({ file }) => file),
        scopeCase.raw,
      ),
    )
    expect(found.map((row) => `${row.user}/${row.uid}`).toSorted()).toEqual([...naive.keys()].toSorted())
    for (const row of found) {
      const rows = naive.get(`${row.user}/${row.uid}`)!
      const failed = countFailed(rows)
      expect(row).toMatchObject({
        attempts: rows.length,
        failed,
        endpoints: different(rows, (one) => `${one.remote_address} ${one.remote_port}`),
        processes: different(rows, (one) => `${one.host} ${one.pid} ${one.process_start_ns}`),
      })
      expect(row.failed_percent).toBeCloseTo((failed / rows.length) * 100)
      const latencies = coveredLatencies(rows, scopeCase)
      expectWithin(row.p50_ns, exactPercentile(latencies, 50), scopeCase.raw.exact)
      expectWithin(row.p99_ns, exactPercentile(latencies, 99), scopeCase.raw.exact)
    }
  })
})

test('rows are sorted by attempts, and the number of rows beyond the limit is reported', () => {
  const events = [33, 33, 0, 33, 0, 1000].map((uid, i) => ({ uid, pid: 100 + i }))
  const { file } = makeSampleTrace({ batches: [events] })
  expect(rowObjects(runQuery(byUid, [file])).map((row) => [row.user, row.uid, row.processes])).toEqual([
    ['www-data', 33, 3],
    [null, 0, 2],
    [null, 1000, 1],
  ])
  expect(runQuery(byUid, [file], {}, { limit: 1 })).toMatchObject({ hiddenRows: 2 })
})

test('a session without attempts has no users', () => {
  const { file } = makeSampleTrace({ batches: [] })
  expect(runQuery(byUid, [file]).rows).toEqual([])
})
