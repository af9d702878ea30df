import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { exportTrace } from '../../../src/analyze/export/export-trace.js'
import { describeTrace } from '../../../src/analyze/info/describe-trace.js'
import type { RawScope } from '../../../src/analyze/options/select-scope.js'
import { failures } from '../../../src/analyze/queries/failures/failures.js'
import { CATALOGUE } from '../../../src/analyze/queries/catalogue.js'
import type { StoredQuery } from '../../../src/analyze/query/stored-query.js'
import type { Result } from '../../../src/analyze/result/result.js'
import { createRandom } from '../../store/random.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { queryTrace } from '../../support/trace.js'
import { addLookups } from '../add-lookups.js'
import { rowObjects, runQuery, type RowObject } from '../query-rows.js'
import { makeSampleTrace } from '../sample-trace.js'
import { variedEvents } from '../varied-events.js'
import { readNameMaps, readShift, type NameMaps } from './name-maps.js'
import { shareSample } from './shared-sample.js'

const ALL: RawScope = { session: 'all' }
/** Ways to group that give other rows: a network of encrypted addresses is an encrypted network. */
const GROUPED = [
  'endpoint',
  'address',
  'port',
  'uid',
  'process',
  'comm',
  'exe',
  'cgroup',
  'container',
  'pod',
  'namespace',
  'image',
  'netns',
  'dns',
]
const SCOPES: readonly RawScope[] = [
  ALL,
  { ...ALL, exact: true },
  {},
  { ...ALL, port: ['443'] },
  { ...ALL, outcome: ['established', 'timed_out'] },
  { ...ALL, cgroup: ['/cgroup-1'], minLatency: '0.1ms' },
  { session: '1', since: '+10s', until: '+40s' },
]
/** Columns of a row that are compared one by one */
const COMPARED = [
  'latency_ns',
  'outcome',
  'errno',
  'syn_retransmits',
  'pid',
  'comm',
  'exe',
  'uid',
  'cgroup',
  'container_id',
  'container_name',
  'container_image',
  'pod_name',
  'pod_namespace',
  'pod_uid',
  'nat_address',
  'nat_port',
  'service_address',
  'service_port',
  'remote_container',
  'remote_pod',
  'netns',
  'remote_address',
  'remote_port',
  'local_address',
  'dns_name',
  'dns_age_ns',
  'host',
]
const QUERIES = CATALOGUE.filter((query) => !query.files)

interface Pair {
  readonly file: string
  readonly shared: string
  readonly names: NameMaps
}

/** A trace with two sessions, loss, lookups, owners of addresses and attempts after the last window, and the same one shared. */
async function makePair(): Promise<Pair> {
  const random = createRandom(20_261)
  const some = (count: number) => variedEvents(random, count)
  const loss = { ringFull: 5, mapFull: 1, writerBehind: 2, missed: 3, skipped: 0 }
  const { db, file } = makeSampleTrace(
    { batches: [some(900), null, some(400)], loss },
    { batches: [some(500), null, some(20)], goodbye: false },
  )
  addLookups(db, random, 300)
  // Every second cgroup is that of a container; every seventh attempt is translated.
  db.exec(`INSERT INTO container SELECT cgroup_id, session_id, 'id-' || cgroup_id, 'containerd', 'name-' || cgroup_id,
      'image-' || cgroup_id, 'pod-' || cgroup_id, 'space-' || cgroup_id, 'uid-' || cgroup_id, 'main-' || cgroup_id, cgroup_id % 10 = 1
    FROM cgroup WHERE cgroup_id % 2 = 1`)
  db.exec('UPDATE cgroup SET container_key = cgroup_id WHERE cgroup_id % 2 = 1')
  db.exec(`INSERT INTO connect_nat SELECT attempt_id, endpoint_id, iif(attempt_id % 2, NULL, 1) FROM connect_attempt
    WHERE attempt_id % 7 = 0`)
  // Addresses are of a container for the first minute that they are used, then of a pod, or until the end.
  db.exec(`INSERT INTO container (container_key, session_id, container_id, container_name)
    SELECT 100 + session_id, session_id, 'peer-id-' || session_id, 'peer-' || session_id FROM session`)
  const firstUse = `SELECT a.session_id, remote_address, endpoint_id, min(started_ns) AS first_ns
    FROM connect_attempt AS a JOIN endpoint USING (endpoint_id) GROUP BY a.session_id, remote_address`
  db.exec(`INSERT INTO container_address SELECT session_id, remote_address, first_ns, iif(endpoint_id % 3, first_ns + 60000000000, NULL),
    100 + session_id FROM (${firstUse})`)
  db.exec(`INSERT INTO container_address SELECT session_id, remote_address, first_ns + 61000000000, NULL,
    (SELECT min(container_key) FROM container WHERE session_id = f.session_id) FROM (${firstUse}) AS f WHERE endpoint_id % 3`)
  db.exec("UPDATE session SET boot_id = 'another boot'")
  const shared = await shareSample([file], ALL)
  return { file, shared, names: readNameMaps(file, shared) }
}

/** Rows in an order that does not depend on names: rows that a query ranks equally are ordered by them. */
function inAnyOrder(rows: readonly RowObject[]): string[] {
  const texts = rows.map((row) =>
    JSON.stringify(Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)])),
  )
  return texts.toSorted()
}

/** Compares what a query finds in both traces. */
function expectSame({ file, shared, names }: Pair, find: (path: string, isShared: boolean) => Result): void {
  const rows = (path: string) => rowObjects(find(path, path === shared)).map(withoutPlaces)
  const [original, found] = [rows(file), rows(shared)]
  expect(original.length).toBeGreaterThan(0)
  expect(inAnyOrder(found)).toEqual(inAnyOrder(original.map(names.row)))
}

test.each(QUERIES)('$name returns the same numbers, whatever is asked for', async (query) => {
  const pair = await makePair()
  for (const raw of SCOPES) {
    const named = {
      ...raw,
      ...(raw.cgroup ? { cgroup: raw.cgroup.map((path) => pair.names.shared('cgroup', path) as string) } : {}),
    }
    expectSame(pair, (path, isShared) => runQuery(query, [path], isShared ? named : raw))
  }
})

test('latency returns the same numbers for every way to group', async () => {
  const pair = await makePair()
  const latency = CATALOGUE.find(({ name }) => name === 'latency') as StoredQuery
  for (const by of GROUPED) expectSame(pair, (path) => runQuery(latency, [path], ALL, { values: { by } }))
})

test.each(SCOPES)('a part that is shared alone has the numbers of that part: %j', async (raw) => {
  const { file, names } = await makePair()
  const part = await shareSample([file], raw)
  const wanted = [
    'top-endpoints',
    'failures',
    'retransmits',
    'by-process',
    'by-uid',
    'latency',
    'timeline',
    'churn',
    'slowest',
    'dns',
  ]
  for (const query of QUERIES.filter(({ name }) => wanted.includes(name))) {
    const original = rowObjects(runQuery(query, [file], raw)).map(withoutPlaces)
    const found = rowObjects(
      runQuery(query, [part], { ...ALL, exact: raw.exact ?? false, outcome: raw.outcome ?? [] }),
    ).map(withoutPlaces)
    expect(inAnyOrder(found), query.name).toEqual(inAnyOrder(original.map(names.row)))
  }
})

test('diff of two files with one key compares the same numbers', async () => {
  const { file } = await makePair()
  const diff = CATALOGUE.find(({ name }) => name === 'diff') as StoredQuery
  const [before, after] = [await shareSample([file], { session: '1' }), await shareSample([file], { session: '2' })]
  const compare = (files: readonly string[]) => {
    const args = ['analyze', 'diff', ...files, '--format', 'json']
    return runTool(args).then(({ stdout }) => JSON.parse(stdout) as RowObject[])
  }
  const withoutNames = (rows: readonly RowObject[]) => rows.map(({ remote_address: _, ...row }) => row)
  const [original, found] = [await compare([`${file}@1`, `${file}@2`]), await compare([before, after])]
  expect(diff.files).toBeDefined()
  expect(inAnyOrder(withoutNames(found))).toEqual(inAnyOrder(withoutNames(original)))
})

test('export and replay have the same attempts in the same order', async () => {
  const { file, shared, names } = await makePair()
  const db = new Database(shared, { readonly: true })
  const lines = async (path: string) => {
    const output = join(makeTemporaryDirectory(), 'rows.jsonl')
    await exportTrace([path], { ...ALL, format: 'jsonl', output, quiet: true })
    return readFileSync(output, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as RowObject)
  }
  const [original, found] = [await lines(file), await lines(shared)]
  const compared = (rows: readonly RowObject[], replace: (column: string, value: unknown) => unknown) =>
    rows.map((row) => COMPARED.map((column) => replace(column, row[column])))
  expect(compared(found, (_, value) => (value === null ? null : String(value)))).toEqual(
    compared(original, names.shared),
  )
  for (const column of COMPARED)
    expect(
      original.some((row) => row[column] !== null),
      column,
    ).toBe(true)
  const times = (path: string) =>
    queryTrace<{ t: string }>(path, 'SELECT CAST(started_ns AS TEXT) AS t FROM connects').map(({ t }) => BigInt(t))
  const shiftNs = readShift(file, shared)
  expect(times(shared)).toEqual(times(file).map((time) => time + shiftNs))
  const replayed = async (path: string) =>
    (await runTool(['replay', path, '--session', 'all'])).stdout.split('\n').length
  expect(await replayed(shared)).toBe(await replayed(file))
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  db.close()
})

test('info prints the same numbers, and the level', async () => {
  const { file, shared } = await makePair()
  const numbers = (lines: readonly string[]) =>
    lines.filter((line) =>
      /^ {2}(?:loss|attempts|outcomes|of these|local errors|dns|completeness|dns loss) /.test(line),
    )
  const [original, found] = [describeTrace(file), describeTrace(shared)]
  expect(numbers(found)).toEqual(numbers(original))
  expect(numbers(found).length).toBeGreaterThan(8)
  const level = '  shared        pseudonymised: level default'
  expect(found.filter((line) => line.startsWith('  shared '))).toEqual([level, level])
})

/**
 * Without columns that depend on more than one name, and the most frequent thread and user of a failure: of several that are as
 * frequent, the query shows the first by the alphabet.
 */
function withoutPlaces({ time: _, tid: __, local_port: ___, ...row }: RowObject): RowObject {
  if (!('errno_name' in row)) return row
  const { comm: ____, user: _____, ...rest } = row
  return rest
}

test('failures name the thread and the user with the most attempts, if there is one', async () => {
  const random = createRandom(11)
  const events = variedEvents(random, 400).map((event) => ({
    ...event,
    comm: `of-${event.remotePort}`,
    uid: event.remotePort!,
  }))
  const { file } = makeSampleTrace({ batches: [events] })
  const shared = await shareSample([file])
  const names = readNameMaps(file, shared)
  const rows = (path: string) => rowObjects(runQuery(failures, [path]))
  expect(rows(file).length).toBeGreaterThan(5)
  expect(inAnyOrder(rows(shared))).toEqual(inAnyOrder(rows(file).map(names.row)))
})
