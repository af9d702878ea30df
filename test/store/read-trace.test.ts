import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exportTrace } from '../../src/analyze/export/export-trace.js'
import { describeTrace } from '../../src/analyze/info/describe-trace.js'
import { byProcess } from '../../src/analyze/queries/by-process.js'
import { dns } from '../../src/analyze/queries/dns/dns.js'
import { summary } from '../../src/analyze/queries/summary/summary.js'
import { timeline } from '../../src/analyze/queries/timeline/timeline.js'
import { topEndpoints } from '../../src/analyze/queries/top-endpoints/top-endpoints.js'
import type { StoredQuery } from '../../src/analyze/query/stored-query.js'
import { OUTCOMES } from '../../src/attempt/outcome.js'
import { latestVersion } from '../../src/store/migrate.js'
import { makeGeneratedTrace } from '../analyze/oracle/generated-trace.js'
import { readExactJson } from '../analyze/oracle/read-exact-json.js'
import { rowObjects, runQuery, type Asked } from '../analyze/query-rows.js'
import { run } from '../support/process.js'
import { REPOSITORY } from '../support/repository.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'
import { makeLargeTrace } from './large-trace.js'

/** A reader that was written from docs/format.md. */
const READER = join(REPOSITORY, 'test/store/read-trace.py')

/** Integers above 2^53 are bigint. */
type Row = Readonly<Record<string, unknown>>

/** The output of the reader for a session: facts, and rows with the columns of the tool. */
interface ReadSession extends Row {
  readonly session_id: number
  readonly session_uuid: string
  readonly started_unix_ns: bigint
  readonly outcomes: Readonly<Record<string, number>>
  readonly loss: Readonly<Record<string, number>>
  readonly limits: readonly string[] | null
  readonly dns_ports: string | null
  readonly endpoints: readonly Row[]
  readonly processes: readonly Row[]
  /** Names of threads, as bytes */
  readonly comms_hex: readonly string[]
  readonly seconds: readonly Row[]
  readonly names: readonly Row[]
  readonly owners: readonly Row[]
}

async function readTrace(file: string): Promise<ReadSession[]> {
  const { status, stdout, stderr } = await run(['python3', READER, file])
  expect(stderr).toBe('')
  expect(status).toBe(0)
  return toPlain(readExactJson(stdout)) as ReadSession[]
}

/** Converts each bigint that a double can hold to a number. */
function toPlain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (Array.isArray(value)) return value.map(toPlain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, toPlain(one)]))
}

/** The rows of the tool's query for one session. */
function ask(query: StoredQuery, file: string, { session_id: id }: ReadSession, asked: Asked = {}): Row[] {
  return toPlain(rowObjects(runQuery(query, [file], { session: String(id) }, asked))) as Row[]
}

async function exportAttempts(file: string): Promise<Row[]> {
  const output = join(makeTemporaryDirectory(), 'out.jsonl')
  await exportTrace([file], { format: 'jsonl', output, quiet: true, session: 'all' })
  return toPlain(readExactJson(`[${readFileSync(output, 'utf8').trimEnd().replaceAll('\n', ',')}]`)) as Row[]
}

/** Expects the same rows of these columns from both, in any order. */
function expectSameRows(read: readonly Row[], tool: readonly Row[], columns: readonly string[]): void {
  const textsOf = (rows: readonly Row[]) => rows.map((row) => columns.map((name) => String(row[name])).join('\t'))
  expect(textsOf(read).toSorted()).toEqual(textsOf(tool).toSorted())
}

const TRACES: readonly [string, () => string][] = [
  ['with DNS lookups, loss and clocks that were set', () => makeGeneratedTrace(2000)],
  ['that is being recorded, with roll-ups', makeLargeTrace],
  ...Array.from({ length: latestVersion() }, (_, i): [string, () => string] => [
    `of version ${i + 1}`,
    () => join(REPOSITORY, `test/store/formats/version-${i + 1}.db`),
  ]),
]

test.each(TRACES)('a trace %s is read by the independent reader as by the tool', async (_, make) => {
  const file = make()
  const sessions = await readTrace(file)
  expectSessions(file, sessions)
  const attempts = await exportAttempts(file)
  expectFirstAttempts(attempts, sessions)
  const uuids = new Map(attempts.map(({ session_id: id, session_uuid: uuid }) => [id, uuid]))
  expect(new Map(sessions.map(({ session_id: id, session_uuid: uuid }) => [id, uuid]))).toEqual(uuids)
  for (const session of sessions) {
    const { endpoints, names, owners, processes } = session
    const sums = ['attempts', 'failed', 'syn_retransmits', 'p50_ns', 'p99_ns', 'max_ns']
    expect(endpoints.length).toBeGreaterThan(2)
    expectSameRows(endpoints, ask(topEndpoints, file, session), ['remote_address', 'remote_port', ...sums])
    const lookups = ['lookups', 'failed_lookups', 'truncated_lookups', 'addresses', 'attempts']
    expectSameRows(owners, countOwners(attempts, session), ['remote_container', 'remote_pod', 'attempts'])
    expectSameRows(names, ask(dns, file, session), ['dns_name', ...lookups])
    expectSameRows(processes, ask(byProcess, file, session), [
      'pid',
      'process_start_ns',
      'attempts',
      'failed',
      'endpoints',
      'p50_ns',
      'p99_ns',
    ])
  }
  expectSeconds(file, sessions)
})

/** Attempts of each owner of a destination. */
function countOwners(attempts: readonly Row[], { session_id: id }: ReadSession): Row[] {
  const counts = new Map<string, Row & { attempts: number }>()
  for (const { session_id, remote_container, remote_pod } of attempts) {
    if (session_id !== id || (remote_container === null && remote_pod === null)) continue
    const key = `${remote_container} ${remote_pod}`
    const count = (counts.get(key)?.attempts ?? 0) + 1
    counts.set(key, { remote_container, remote_pod, attempts: count } as Row & { attempts: number })
  }
  return [...counts.values()]
}

/** Before version 5, traces have no limits of the host. */
const UNKNOWN_LIMITS = 'what the host hides is not known: the session was recorded before trace format 5'

/** Outcomes, loss by cause, completeness and DNS of each session. */
function expectSessions(file: string, sessions: readonly ReadSession[]): void {
  const info = describeTrace(file)
  const linesOf = (label: string) => info.filter((line) => line.startsWith(label))
  expect(linesOf('session')).toEqual(sessions.map(({ session_id: id }) => `session ${id}`))
  for (const session of sessions) {
    const [row] = ask(summary, file, session)
    const facts = { ...row, ...session.outcomes, host: row?.hosts }
    const dnsColumns = ['dns_source', 'dns_lost', 'dns_malformed', 'dns_evicted']
    expectSameRows([session], [facts], ['host', 'lost', 'completeness', ...dnsColumns])
    expectSameRows([session.outcomes], [row ?? {}], OUTCOMES)
  }
  expect(linesOf('  loss')).toEqual(sessions.map(({ loss }) => `  loss          ${lossText(loss)}`))
  expect(linesOf('  not seen')).toEqual(
    sessions.flatMap(({ limits }) => (limits ?? [UNKNOWN_LIMITS]).map((limit) => `  not seen      ${limit}`)),
  )
  expect(linesOf('  dns ports')).toEqual(
    sessions.flatMap(({ dns_ports: ports }) => (ports === null ? [] : [`  dns ports     ${ports}`])),
  )
}

/** The texts of `tcpconn info` for each cause, as in the specification. */
const CAUSES = {
  lost_ring_full_count: 'ring full',
  lost_map_full_count: 'map full',
  lost_writer_behind_count: 'writer behind',
  lost_missed_count: 'end not seen',
  lost_skipped_count: 'probe skipped by the kernel',
}

function lossText(loss: Readonly<Record<string, number>>): string {
  const causes = Object.entries(CAUSES).flatMap(([column, cause]) => (loss[column] ? [`${loss[column]} ${cause}`] : []))
  const lost = Object.values(loss).reduce((sum, count) => sum + count, 0)
  return lost === 0 ? 'none' : `LOST ${lost} attempt${lost === 1 ? '' : 's'}: ${causes.join(', ')}`
}

/** Wall clock time of the first attempt to each endpoint. */
function expectFirstAttempts(attempts: readonly Row[], sessions: readonly ReadSession[]): void {
  const first = new Map<string, Row>()
  for (const row of attempts) {
    const key = `${row.session_id} ${row.remote_address} ${row.remote_port}`
    if ((row.started_ns as bigint) < ((first.get(key)?.started_ns as bigint | undefined) ?? 2n ** 63n))
      first.set(key, row)
  }
  const read = sessions.flatMap(({ session_id, endpoints }) => endpoints.map((one) => ({ session_id, ...one })))
  const columns = ['session_id', 'remote_address', 'remote_port', 'family', 'started_ns']
  expectSameRows(read, [...first.values()], columns)
}

/** Sums by second, of the sessions whose clock was not set. */
function expectSeconds(file: string, sessions: readonly ReadSession[]): void {
  const [, ...texts] = describeTrace(file)
    .join('\n')
    .split(/^session /m)
  const unset = sessions.filter((_, i) => !/^ {2}clock /m.test(texts[i] as string))
  expect(unset.length).toBeGreaterThan(0)
  for (const session of unset) {
    const tool = ask(timeline, file, session, { values: { interval: '1s' } }).filter(({ attempts }) => attempts !== 0)
    expectSameRows(session.seconds, tool, ['started_ns', 'attempts', 'failed', 'p50_ns', 'p99_ns'])
  }
}

test('the trace has a log, rollups, id sets as bits, attempts before their session, and names that are not UTF-8', async () => {
  const file = makeLargeTrace()
  expect(statSync(`${file}-wal`).size).toBeGreaterThan(0)
  const sessions = await readTrace(file)
  expect(sessions.map(({ read, end_reason, completeness }) => ({ read, end_reason, completeness }))).toEqual([
    { read: { rollups: 2, windows: 8, rows: 0 }, end_reason: 'duration', completeness: 'complete' },
    { read: { rollups: 0, windows: 1, rows: 50 }, end_reason: null, completeness: 'unchecked' },
  ])
  const [first] = sessions as [ReadSession]
  expect(first.recorded_ns).toBe(60e9)
  expect(Math.max(...first.processes.map(({ endpoints }) => Number(endpoints)))).toBeGreaterThan(500)
  expect(first.comms_hex).toEqual(['', '636166e9'])
  expect(first.endpoints.some(({ started_ns: ns }) => (ns as bigint) < first.started_unix_ns)).toBe(true)
})

test('the reader refuses a file that is not a trace', async () => {
  const { status, stderr } = await run(['python3', READER, READER])
  expect(status).toBe(1)
  expect(stderr).toBe(`${READER} is not a trace\n`)
})
