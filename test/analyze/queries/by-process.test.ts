import { describe, expect, test } from 'vitest'
import { byProcess } from '../../../src/analyze/queries/by-process.js'
import { byUid } from '../../../src/analyze/queries/by-uid.js'
import { churn } from '../../../src/analyze/queries/churn.js'
import { latency } from '../../../src/analyze/queries/latency.js'
import type { QuerySettings, StoredQuery } from '../../../src/analyze/queries/stored-query.js'
import { summary } from '../../../src/analyze/queries/summary.js'
import type { RawScope } from '../../../src/analyze/options/select-scope.js'
import { UsageError } from '../../../src/errors.js'
import { exactPercentile } from '../../store/random.js'
import { expectWithin } from '../expect-within.js'
import { countFailed, rowObjects, runQuery, type Connect } from '../query-rows.js'
import { makeSampleTrace } from '../sample-trace.js'
import { SCOPE_CASES, connectsOfCase, coveredLatencies, groupRows, makeTwoSessions } from '../scope-cases.js'

const different = (rows: readonly Connect[], keyOf: (row: Connect) => string) => new Set(rows.map(keyOf)).size

describe.each([undefined, 'process', 'comm'])('by %s', (by) => {
  const keyOf = (row: Readonly<Record<string, unknown>>) =>
    by === 'comm' ? String(row.comm) : `${row.pid}/${row.process_start_ns}`

  test.each(SCOPE_CASES)('every number is that of all rows: $name', (scopeCase) => {
    const trace = makeTwoSessions(3)
    const naive = groupRows(connectsOfCase([trace], scopeCase), keyOf)
    const found = rowObjects(runQuery(byProcess, [trace.file], scopeCase.raw, { values: { by } }))
    expect(found.map(keyOf).toSorted()).toEqual([...naive.keys()].toSorted())
    for (const row of found) {
      const rows = naive.get(keyOf(row))!
      const failed = countFailed(rows)
      expect(row).toMatchObject({
        attempts: rows.length,
        failed,
        endpoints: different(rows, (one) => `${one.remote_address} ${one.remote_port}`),
      })
      if (by === 'comm') expect(row.processes).toBe(different(rows, (one) => `${one.pid} ${one.process_start_ns}`))
      else expect(row).not.toHaveProperty('processes')
      expect(row.failed_percent).toBeCloseTo((failed / rows.length) * 100)
      const latencies = coveredLatencies(rows, scopeCase)
      expectWithin(row.p50_ns, exactPercentile(latencies, 50), scopeCase.raw.exact)
      expectWithin(row.p99_ns, exactPercentile(latencies, 99), scopeCase.raw.exact)
    }
  })
})

test('a process is its pid and its start: threads are part of it, a pid that was used again is not', () => {
  const events = [
    { comm: 'main', exe: 'java', uid: 33 },
    { comm: 'pool-1', exe: 'java', uid: 33 },
    { comm: 'main', exe: 'java', uid: 33, processStartNs: 950_000_000n },
  ]
  const { file } = makeSampleTrace({ batches: [events] })
  expect(rowObjects(runQuery(byProcess, [file]))).toMatchObject([
    { pid: 1000, process_start_ns: 900_000_000, comm: 'main', exe: 'java', user: 'www-data', attempts: 2 },
    { pid: 1000, process_start_ns: 950_000_000, attempts: 1 },
  ])
  expect(rowObjects(runQuery(byProcess, [file], {}, { values: { by: 'comm' } }))).toMatchObject([
    { comm: 'main', attempts: 2, processes: 2 },
    { comm: 'pool-1', attempts: 1, processes: 1 },
  ])
})

test('a container is what was recorded, or what the path of the cgroup says', () => {
  const events = [1n, 2n, 2n, 3n, 4n].map((cgroupId) => ({ cgroupId }))
  const { file, db } = makeSampleTrace({ batches: [events] })
  const set = db.prepare('UPDATE cgroup SET path = ?, container = ? WHERE kernel_cgroup_id = ?')
  set.run('/system.slice/nginx.service', 'recorded', 1)
  set.run('/system.slice/nginx.service', null, 2)
  set.run('/nothing', null, 3)
  set.run(null, null, 4)
  for (const [query, values] of [[byProcess, { by: 'container' }] as const, [latency, { by: 'container' }] as const]) {
    const rows = rowObjects(runQuery(query, [file], {}, { values })).map((row) => [row.container, row.attempts])
    expect(rows.toSorted()).toEqual([
      [null, 2],
      ['nginx.service', 2],
      ['recorded', 1],
    ])
  }
})

/** After 104 days of uptime ns since boot are beyond 2^53. */
const LATE_NS = 2n ** 53n + 1n

test('a process that started beyond 2^53 ns after the boot keeps its exact start, and is not taken for the next one', () => {
  const of = (processStartNs: bigint) => Array.from({ length: 12 }, () => ({ processStartNs }))
  const { file, db } = makeSampleTrace({ batches: [of(LATE_NS), of(LATE_NS - 1n), of(LATE_NS + 1n)] })
  const starts = [LATE_NS - 1n, LATE_NS, LATE_NS + 1n]
  expect(db.prepare('SELECT process_start_ns FROM process ORDER BY 1').pluck().safeIntegers().all()).toEqual(starts)
  const startsOf = (query: StoredQuery, values: QuerySettings['values'] = {}, raw: RawScope = {}) =>
    rowObjects(runQuery(query, [file], raw, { values })).map((row) => row.process_start_ns)
  for (const raw of [{}, { exact: true }]) {
    expect(new Set(startsOf(byProcess, {}, raw))).toEqual(new Set(starts))
    expect(new Set(startsOf(latency, { by: 'process' }, raw))).toEqual(new Set(starts))
  }
  expect(new Set(startsOf(churn))).toEqual(new Set(starts))
  const [row] = rowObjects(runQuery(summary, [file]))
  expect(row).toMatchObject({ processes: 3, busiest_process_start_ns: LATE_NS, busiest_process_attempts: 12 })
  const [user] = rowObjects(runQuery(byUid, [file]))
  expect(user).toMatchObject({ processes: 3 })
})

test('columns are those that the options make', () => {
  const { file } = makeSampleTrace({ batches: [[{}]] })
  for (const values of [{}, { by: 'comm' }, { by: 'container' }]) {
    expect(runQuery(byProcess, [file], {}, { values }).columns).toEqual(byProcess.columnsFor!(values))
  }
  expect(byProcess.columns).toEqual(byProcess.columnsFor!({}))
})

test('what is neither a process nor a name is refused', () => {
  const { file } = makeSampleTrace({ batches: [] })
  expect(() => runQuery(byProcess, [file], {}, { values: { by: 'uid' } })).toThrow(UsageError)
})
