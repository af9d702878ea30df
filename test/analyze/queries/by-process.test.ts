import { describe, expect, test } from 'vitest'
import { byProcess } from '../../../src/analyze/queries/by-process.js'
import { byUid } from '../../../src/analyze/queries/by-uid.js'
import { churn } from '../../../src/analyze/queries/churn/churn.js'
import { latency } from '../../../src/analyze/queries/latency/latency.js'
import type { QuerySettings, StoredQuery } from '../../../src/analyze/query/stored-query.js'
import { summary } from '../../../src/analyze/queries/summary/summary.js'
import type { RawScope } from '../../../src/analyze/options/select-scope.js'
import { UsageError } from '../../../src/base/errors.js'
import { exactPercentile } from '../../store/random.js'
import { expectWithin } from '../expect-within.js'
import { countFailed, rowObjects, runQuery, shownColumns, type Connect } from '../query-rows.js'
import { makeSampleTrace } from '../sample-trace.js'
import { SCOPE_CASES, connectsOfCase, coveredLatencies, groupRows, makeTwoSessions } from '../scope-cases.js'

const different = (rows: readonly Connect[], keyOf: (row: Connect) => string) => new Set(rows.map(keyOf)).size

describe.each([undefined, 'process', 'comm'])('by-process by %s', (by) => {
  const keyOf = (row: Readonly<Record<string, unknown>>) =>
    by === 'comm' ? String(row.comm) : `${row.pid}/${row.process_start_ns}`

  test.each(SCOPE_CASES)('every number equals that of all rows: $name', (scopeCase) => {
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

test('a process is a pid and a start time: it includes its threads, and a reused pid is another process', () => {
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

test('a container has the recorded name, or the name in the path of its cgroup', () => {
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

describe('named containers', () => {
  /**
   * Two sessions of a pod with two containers, another pod, a container without a pod, and a container without names.
   */
  function makeNamedTrace() {
    const events = [1n, 2n, 2n, 3n, 4n, 5n, 6n].map((cgroupId) => ({ cgroupId }))
    const { file, db } = makeSampleTrace({ batches: [events] }, { batches: [events] })
    const insert = db.prepare(`INSERT INTO container VALUES
      (@key, @session, @id, 'a runtime', @name, @image, @pod, @namespace, NULL, @inPod, 0)`)
    const set = db.prepare(
      'UPDATE cgroup SET container = ?, container_key = ? WHERE kernel_cgroup_id = ? AND session_id = ?',
    )
    const none = { name: null, image: null, pod: null, namespace: null, inPod: null }
    for (const session of [1, 2]) {
      const add = (cgroup: number, id: string, names: Partial<Record<keyof typeof none, string>>) => {
        const key = 10 * session + cgroup
        insert.run({ ...none, ...names, key, session, id })
        set.run(id.slice(0, 4), key, cgroup, session)
      }
      const cart = { pod: 'cart-0', namespace: 'shop' }
      add(1, 'id-1 in full', { ...cart, inPod: 'app', name: 'k8s_app_cart-0', image: 'shop/cart:1' })
      add(2, 'id-2 in full', { ...cart, inPod: 'proxy', image: 'envoy:2' })
      add(3, 'id-3 in full', { pod: 'cart-0', namespace: 'other', inPod: 'app', image: 'shop/cart:1' })
      add(4, 'id-4 in full', { name: 'web', image: 'nginx:1' })
      add(5, 'id-5 in full', {})
      db.prepare("UPDATE cgroup SET path = '/x.service', container = 'x.service' WHERE kernel_cgroup_id = 6").run()
    }
    return file
  }
  const groups = (by: string, raw: RawScope = {}) =>
    rowObjects(runQuery(byProcess, [makeNamedTrace()], { session: 'all', ...raw }, { values: { by } })).map((row) =>
      [row.pod_namespace, row.pod_name, row.container_image, row.container, row.attempts].filter(
        (one) => one !== undefined,
      ),
    )

  test('are grouped by their names: a container within its pod, a pod within its namespace', () => {
    expect(groups('container').toSorted()).toEqual([
      ['id-5', 2],
      ['other/cart-0/app', 2],
      ['shop/cart-0/app', 2],
      ['shop/cart-0/proxy', 4],
      ['web', 2],
      ['x.service', 2],
    ])
    expect(groups('pod')).toEqual([
      ['shop', 'cart-0', 6],
      [null, null, 6],
      ['other', 'cart-0', 2],
    ])
    expect(groups('namespace')).toEqual([
      ['shop', 6],
      [null, 6],
      ['other', 2],
    ])
    expect(groups('image').toSorted()).toEqual([
      [null, 4],
      ['envoy:2', 4],
      ['nginx:1', 2],
      ['shop/cart:1', 4],
    ])
  })

  test.each<[RawScope, string[]]>([
    [{ container: ['web'] }, ['web']],
    [{ container: ['app'] }, ['shop/cart-0/app', 'other/cart-0/app']],
    [{ container: ['k8s_app_cart-0'] }, ['shop/cart-0/app']],
    [{ container: ['id-5 in full', 'x.service'] }, ['id-5', 'x.service']],
    [{ container: ['id-5'] }, ['id-5']],
    [{ pod: ['shop/cart-0'] }, ['shop/cart-0/app', 'shop/cart-0/proxy']],
    [{ pod: ['shop/cart-0', 'other/cart-0'], container: ['app'] }, ['shop/cart-0/app', 'other/cart-0/app']],
    [{ namespace: ['other'] }, ['other/cart-0/app']],
    [{ namespace: ['none'] }, []],
  ])('are selected by %j', (raw, expected) => {
    expect(
      groups('container', raw)
        .map(([name]) => name)
        .toSorted(),
    ).toEqual(expected.toSorted())
  })

  test('refuses a pod without its namespace', () => {
    for (const pod of ['cart-0', '/cart-0', 'shop/', 'a/b/c'])
      expect(() => groups('pod', { pod: [pod] })).toThrow(UsageError)
  })
})

/** After 104 days of uptime, ns since boot exceed 2^53. */
const LATE_NS = 2n ** 53n + 1n

test('a process that started more than 2^53 ns after boot has its exact start time, and differs from the next one', () => {
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
  expect(row).toMatchObject({ processes: 3, busiest_process_start_ns: LATE_NS - 1n, busiest_process_attempts: 12 })
  const [user] = rowObjects(runQuery(byUid, [file]))
  expect(user).toMatchObject({ processes: 3 })
})

test('the columns depend on the options', () => {
  const { file } = makeSampleTrace({ batches: [[{}]] })
  for (const values of [{}, { by: 'comm' }, { by: 'container' }]) {
    const { columns } = runQuery(byProcess, [file], {}, { values })
    expect(shownColumns(columns)).toEqual(shownColumns(byProcess.columnsFor!(values)))
  }
  expect(shownColumns(byProcess.columns)).toEqual(shownColumns(byProcess.columnsFor!({})))
})

test('refuses a value that is neither a process nor a name', () => {
  const { file } = makeSampleTrace({ batches: [] })
  expect(() => runQuery(byProcess, [file], {}, { values: { by: 'uid' } })).toThrow(UsageError)
})
