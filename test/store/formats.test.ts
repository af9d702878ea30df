import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { recordedRows } from '../../src/analyze/replay/recorded-rows.js'
import { exportTrace } from '../../src/analyze/export/export-trace.js'
import { describeTrace } from '../../src/analyze/info/describe-trace.js'
import { slowest } from '../../src/analyze/queries/slowest/slowest.js'
import { summary } from '../../src/analyze/queries/summary/summary.js'
import { topEndpoints } from '../../src/analyze/queries/top-endpoints/top-endpoints.js'
import { readStatement } from '../../src/analyze/sql/read-statement.js'
import { createSqlQuery } from '../../src/analyze/sql/sql-query.js'
import { CONNECT_COLUMNS } from '../../src/attempt/connect-columns.js'
import { OUTCOMES } from '../../src/attempt/outcome.js'
import { renderJsonRow } from '../../src/view/render-json-row.js'
import { PACKAGE_ROOT } from '../../src/base/package.js'
import { openOutput } from '../../src/record/output/open-output.js'
import { latestVersion } from '../../src/store/migrate.js'
import { inScope } from '../analyze/in-scope.js'
import { rowObjects, runQuery } from '../analyze/query-rows.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'
import { digestFile } from './digest-file.js'

/** One closed trace of each version, made by make-formats.ts. A committed file never changes. */
const DIRECTORY = join(PACKAGE_ROOT, 'test/store/formats')
const DIGESTS = readFileSync(join(DIRECTORY, 'files.sha256'), 'utf8')
const VERSIONS = Array.from({ length: latestVersion() }, (_, i) => i + 1)
const fileOf = (version: number) => join(DIRECTORY, `version-${version}.db`)

/** Columns of the attempts below, in the order of the view. */
const COLUMNS = [
  'time latency_ns outcome errno syn_retransmits pid tid comm exe user cgroup netns family remote_address remote_port',
  'dns_name dns_lookup_ns container netns_cookie container_id container_name container_image pod_name pod_namespace pod_uid',
  'nat_address nat_port service_address service_port',
].flatMap((line) => line.split(' '))

/** Columns that versions after the first added, but `container`: replay derives it from the cgroup in older traces. */
const LATER = CONNECT_COLUMNS.filter((column) => 'since' in column && column.name !== 'container').map(
  ({ name }) => name,
)

type Value = string | number | null
const NETNS = 4_026_531_840
const CURL = [1000, 1000, 'curl', 'curl', 'www-data', '/system.slice/cron.service', NETNS] as const
const FPM = [2000, 2003, 'php-fpm', 'php-fpm8.2', 'www-data', '/system.slice/php8.2-fpm.service'] as const
const NOBODY = [null, null, null, null, null, null, NETNS] as const
const CART_ID = '0123456789abcdef'.repeat(4)
const POD_UID = '0b9f2f3e-1111-2222-3333-444455556666'
const CART_CGROUP = `/kubepods/burstable/pod${POD_UID}/${CART_ID}`
const CART = [3000, 3000, 'php-fpm', 'php-fpm8.2', 'www-data', CART_CGROUP, 4_026_532_000] as const
const WEB = [4, '192.0.2.1', 443] as const
const MYSQL = [4, '10.0.0.2', 3306] as const

const NO_CONTAINER = [null, null, null, null, null, null] as const
const IN_CART = [CART_ID, 'cart', 'registry.example/shop/cart:1.4', 'cart-0', 'shop', POD_UID] as const

const NOT_TRANSLATED = [null, null, null, null] as const
/** Other addresses of the first attempts. */
const TRANSLATED = [
  ['10.244.1.7', 8443, null, null],
  [null, null, '10.96.0.10', 443],
] as const

/** The attempts of a file, by start time. */
function attemptsOf(version: number): Value[][] {
  const attempts: Value[][] = attemptsOutside(version).map((row, i) => [
    ...row,
    ...NO_CONTAINER,
    ...((version >= 8 && TRANSLATED[i]) || NOT_TRANSLATED),
  ])
  if (version < 8) return attempts
  const [time, short] = ['2023-11-14T22:13:29.123456Z', CART_ID.slice(0, 12)]
  const inCart = [
    time,
    300_000,
    'established',
    null,
    0,
    ...CART,
    ...WEB,
    null,
    null,
    short,
    4097,
    ...IN_CART,
    ...NOT_TRANSLATED,
  ]
  return attempts.toSpliced(-1, 0, inCart)
}

/** Attempts outside of containers. */
function attemptsOutside(version: number): Value[][] {
  const [name, lookupNs] = version >= 3 ? ['web.example', 15_000_000] : [null, null]
  const [cron, php] = version >= 3 ? ['cron.service', 'php8.2-fpm.service'] : [null, null]
  const cookie = version >= 6 ? 4097 : null
  const inFpm = [...FPM, version >= 8 ? 4_026_532_000 : NETNS] as const
  const attempts: Value[][] = [
    ['2023-11-14T22:13:21.123456Z', 1_200_000, 'established', null, 0, ...CURL, ...WEB, name, lookupNs, cron, null],
    ['2023-11-14T22:13:22.123456Z', 900_000, 'established', null, 0, ...CURL, ...WEB, name, lookupNs, cron, null],
    ['2023-11-14T22:13:23.123456Z', 50_000, 'refused', 111, 0, ...CURL, 6, '::1', 443, null, null, cron, null],
    ['2023-11-14T22:13:24.123456Z', 3_500_000_000, 'established', null, 2, ...inFpm, ...WEB, null, null, php, cookie],
    ['2023-11-14T22:13:25.123456Z', 250_000, 'established', null, 0, ...inFpm, ...MYSQL, null, null, php, cookie],
    ['2023-11-14T22:13:26.123456Z', 7_000_000_000, 'timed_out', 110, 0, ...inFpm, ...MYSQL, null, null, php, cookie],
    ['2023-11-14T22:14:18.123456Z', null, 'pending', null, null, ...CURL, ...MYSQL, null, null, cron, null],
  ]
  if (version < 4) return attempts
  return attempts.toSpliced(
    6,
    0,
    ['2023-11-14T22:13:27.123456Z', null, 'established', null, 0, ...CURL, ...WEB, null, null, cron, null],
    ['2023-11-14T22:13:28.123456Z', 400_000, 'established', null, 0, ...NOBODY, ...WEB, null, null, null, null],
  )
}

const countOf = (version: number) => (version >= 8 ? 10 : version >= 4 ? 9 : 7)

/** The output of `info`, without the size of the file. */
function infoOf(version: number): string[] {
  const hasLookups = version >= 3
  const hasSkipped = version >= 4
  const count = countOf(version)
  return [
    'session 1',
    `  loss          ${hasSkipped ? 'LOST 3 attempts: 1 ring full, 2 probe skipped by the kernel' : 'LOST 1 attempt: 1 ring full'}`,
    hasSkipped ? expect.stringMatching(/^ {2}no process {4}the process of 1 attempt is unknown/) : null,
    ...(version >= 5
      ? ['  not seen      one thing is not seen', '  not seen      nor is another']
      : ['  not seen      what the host hides is not known: the session was recorded before trace format 5']),
    '  host          web-1, Linux 6.1.0-31-amd64 x86_64, boot 2f1c4d34-0000-4000-8000-000000000000',
    '  recorded by   tcpconn 0.1.0: tcpconn record --duration 1m trace.db',
    '  filters       none',
    '  time          2023-11-14 22:13:20 UTC for 1m00s',
    '  ended         reached --duration',
    `  attempts      ${count} (${count.toFixed(count < 10 ? 2 : 1)}/min)`,
    `  outcomes      ${count - 3} established, 1 refused, 1 timed_out, 1 pending`,
    hasSkipped ? expect.stringMatching(/^ {2}of these {6}1 inexact/) : null,
    '  local errors  not recorded',
    version >= 8
      ? '  nat           1 attempt with a translated destination, 1 with a replaced address'
      : '  nat           not recorded',
    `  dns           ${hasLookups ? `udp: 2 lookups of 2 names; ${(200 / count).toFixed(1)}% of attempts have a name` : 'lookups were not recorded'}`,
    version >= 6 ? '  dns ports     53,5353' : null,
    `  completeness  ${count} recorded + ${hasSkipped ? 3 : 1} lost = the kernel's ${count + (hasSkipped ? 3 : 1)} attempts (TcpActiveOpens)`,
    hasSkipped ? expect.stringMatching(/^ {2}skipped runs {2}40 .*, 5 /) : null,
  ].filter((line) => line !== null)
}

async function exportLines(version: number): Promise<Record<string, Value>[]> {
  const output = join(makeTemporaryDirectory(), 'out.jsonl')
  await exportTrace([fileOf(version)], { format: 'jsonl', output, quiet: true })
  const lines = readFileSync(output, 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as Record<string, Value>)
}

/** Exports are in the order of rows. */
function pick(rows: readonly Record<string, unknown>[]): unknown[][] {
  const byStart = rows.toSorted((a, b) => String(a.time).localeCompare(String(b.time)))
  return byStart.map((row) => COLUMNS.map((column) => row[column]))
}

/** Values of the columns that a later version added, by the start of the attempt. */
function laterValues(rows: readonly Record<string, unknown>[]): Map<string, unknown[]> {
  // Times of the view are in microseconds.
  return new Map(rows.map((row) => [String(row.time).slice(0, 26), LATER.map((name) => exactText(row[name]))]))
}

const exactText = (value: unknown) => (value === null ? null : String(value))

test('every version of the format has a file, and no file has changed', () => {
  const migrations = readdirSync(join(PACKAGE_ROOT, 'migrations'))
  const files = readdirSync(DIRECTORY).filter((name) => name.endsWith('.db'))
  expect(files.toSorted()).toEqual(migrations.map((_, i) => `version-${i + 1}.db`).toSorted())
  // For a new version: (cd test/store/formats && sha256sum *.db) >test/store/formats/files.sha256
  expect(VERSIONS.map((version) => `${digestFile(fileOf(version))}  version-${version}.db\n`).join('')).toBe(DIGESTS)
})

describe.each(VERSIONS)('a trace of version %i', (version) => {
  const hasFourth = version >= 4

  test('has the expected output of info, also if it has no limits of its host (GAP-72)', () => {
    const [first, ...lines] = describeTrace(fileOf(version))
    expect(first).toContain(`: 1 session, ${countOf(version)} attempts, `)
    expect(lines).toEqual(infoOf(version))
  })

  test('has the expected summary', () => {
    const [row, ...others] = rowObjects(runQuery(summary, [fileOf(version)]))
    expect(others).toEqual([])
    expect(row).toMatchObject({
      hosts: 'web-1',
      started_ns: 1_700_000_000_123_456_789n,
      recorded_ns: 60e9,
      attempts: countOf(version),
      established: countOf(version) - 3,
      refused: 1,
      timed_out: 1,
      pending: 1,
      syn_retransmits: 2,
      max_ns: 3_500_000_000,
      lost: hasFourth ? 3 : 1,
      completeness: 'incomplete',
      endpoints: 3,
      processes: version >= 8 ? 4 : hasFourth ? 3 : 2,
      busiest_user: 'www-data',
      busiest_process_pid: 1000,
      dns_source: version >= 3 ? 'udp' : null,
      dns_lookups: version >= 3 ? 2 : 0,
      named_attempts: version >= 3 ? 2 : 0,
    })
  })

  test('has the expected endpoints, sorted by attempts', () => {
    const columns = ['remote_address', 'remote_port', 'attempts', 'failed', 'max_ns', 'syn_retransmits']
    const rows = rowObjects(runQuery(topEndpoints, [fileOf(version)]))
    const web = ['192.0.2.1', 443, countOf(version) - 4, 0, 3_500_000_000, 2]
    const mysql = ['10.0.0.2', 3306, 3, 1, 250_000, 0]
    expect(rows.map((row) => columns.map((column) => row[column]))).toEqual([
      // Endpoints with equal attempts are sorted by address.
      ...(hasFourth ? [web, mysql] : [mysql, web]),
      ['::1', 443, 1, 1, null, 0],
    ])
  })

  test('can be queried in SQL, with NULL for missing values', () => {
    const statement = readStatement('SELECT * FROM connects ORDER BY started_ns')
    const rows = rowObjects(runQuery(createSqlQuery('sql', statement), [fileOf(version)]))
    expect(pick(rows)).toEqual(attemptsOf(version))
  })

  test('can be exported, with NULL for missing values', async () => {
    // All sessions begin 789 ns after a microsecond; the view has microseconds only.
    const expected = attemptsOf(version).map(([time, ...rest]) => [String(time).replace('Z', '789Z'), ...rest])
    expect(pick(await exportLines(version))).toEqual(expected)
  })

  test('has the same values of later columns in slowest, sql, export and replay', async () => {
    const raw = { outcome: [...OUTCOMES] }
    const statement = readStatement('SELECT * FROM connects')
    const inSql = laterValues(rowObjects(runQuery(createSqlQuery('sql', statement), [fileOf(version)])))
    const replayed = inScope([fileOf(version)], {}, (scope) => Array.from(recordedRows(scope), renderJsonRow))
    expect(inSql.size).toBe(countOf(version))
    expect(laterValues(await exportLines(version))).toEqual(inSql)
    expect(laterValues(replayed.map((line) => JSON.parse(line) as Record<string, Value>))).toEqual(inSql)
    const slow = laterValues(rowObjects(runQuery(slowest, [fileOf(version)], raw)))
    expect(slow.size).toBeGreaterThan(3)
    for (const [time, values] of slow) expect(values, time).toEqual(inSql.get(time))
  })

  test('can be recorded into after a migration, and keeps its attempts', () => {
    const copy = join(makeTemporaryDirectory(), 'trace.db')
    // copyFile of newer libuv keeps the owner, and root records only into a file of its own.
    writeFileSync(copy, readFileSync(fileOf(version)))
    const { db, close } = openOutput(copy)
    expect(db.pragma('user_version', { simple: true })).toBe(latestVersion())
    expect(db.pragma('foreign_key_check')).toEqual([])
    const rows = db.prepare('SELECT * FROM connects').all() as Record<string, unknown>[]
    expect(pick(rows)).toEqual(attemptsOf(version))
    close()
  })
})
