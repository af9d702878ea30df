import { describe, expect, test } from 'vitest'
import { byProcess } from '../../../src/analyze/queries/by-process.js'
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

test('columns are those that the options make', () => {
  const { file } = makeSampleTrace({ batches: [[{}]] })
  for (const values of [{}, { by: 'comm' }]) {
    expect(runQuery(byProcess, [file], {}, { values }).columns).toEqual(byProcess.columnsFor!(values))
  }
  expect(byProcess.columns).toEqual(byProcess.columnsFor!({}))
})

test('what is neither a process nor a name is refused', () => {
  const { file } = makeSampleTrace({ batches: [] })
  expect(() => runQuery(byProcess, [file], {}, { values: { by: 'uid' } })).toThrow(UsageError)
})
