import { copyFileSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { exportTrace } from '../../src/analyze/export/export-trace.js'
import { describeTrace } from '../../src/analyze/info/describe-trace.js'
import { summary } from '../../src/analyze/queries/summary.js'
import { topEndpoints } from '../../src/analyze/queries/top-endpoints.js'
import { readStatement } from '../../src/analyze/sql/read-statement.js'
import { createSqlQuery } from '../../src/analyze/sql/sql-query.js'
import { PACKAGE_ROOT } from '../../src/package-root.js'
import { openOutput } from '../../src/record/session/open-output.js'
import { latestVersion } from '../../src/store/migrate.js'
import { rowObjects, runQuery } from '../analyze/query-rows.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'
import { digestFile } from './digest-file.js'

/** One closed trace of each version, made by make-formats.ts. A file that has landed never changes. */
const DIRECTORY = join(PACKAGE_ROOT, 'test/store/formats')
const DIGESTS = readFileSync(join(DIRECTORY, 'files.sha256'), 'utf8')
const VERSIONS = Array.from({ length: latestVersion() }, (_, i) => i + 1)
const fileOf = (version: number) => join(DIRECTORY, `version-${version}.db`)

/** Columns of the attempts below, in the order of the view. */
const COLUMNS = [
  'time latency_ns outcome errno syn_retransmits pid tid comm exe user cgroup netns family remote_address remote_port',
  'dns_name dns_lookup_ns container',
].flatMap((line) => line.split(' '))

type Value = string | number | null
const NETNS = 4_026_531_840
const CURL = [1000, 1000, 'curl', 'curl', 'www-data', '/system.slice/cron.service', NETNS] as const
const PHP = [2000, 2003, 'php-fpm', 'php-fpm8.2', 'www-data', '/system.slice/php8.2-fpm.service', NETNS] as const
const NOBODY = [null, null, null, null, null, null, NETNS] as const
const WEB = [4, '192.0.2.1', 443] as const
const MYSQL = [4, '10.0.0.2', 3306] as const

/** The attempts of a file by their start. */
function attemptsOf(version: number): Value[][] {
  const [name, lookupNs] = version >= 3 ? ['web.example', 15_000_000] : [null, null]
  const [cron, php] = version >= 3 ? ['cron.service', 'php8.2-fpm.service'] : [null, null]
  const attempts: Value[][] = [
    ['2023-11-14T22:13:21.123456Z', 1_200_000, 'established', null, 0, ...CURL, ...WEB, name, lookupNs, cron],
    ['2023-11-14T22:13:22.123456Z', 900_000, 'established', null, 0, ...CURL, ...WEB, name, lookupNs, cron],
    ['2023-11-14T22:13:23.123456Z', 50_000, 'refused', 111, 0, ...CURL, 6, '::1', 443, null, null, cron],
    ['2023-11-14T22:13:24.123456Z', 3_500_000_000, 'established', null, 2, ...PHP, ...WEB, null, null, php],
    ['2023-11-14T22:13:25.123456Z', 250_000, 'established', null, 0, ...PHP, ...MYSQL, null, null, php],
    ['2023-11-14T22:13:26.123456Z', 7_000_000_000, 'timed_out', 110, 0, ...PHP, ...MYSQL, null, null, php],
    ['2023-11-14T22:14:18.123456Z', null, 'pending', null, null, ...CURL, ...MYSQL, null, null, cron],
  ]
  if (version < 4) return attempts
  return attempts.toSpliced(
    6,
    0,
    ['2023-11-14T22:13:27.123456Z', null, 'established', null, 0, ...CURL, ...WEB, null, null, cron],
    ['2023-11-14T22:13:28.123456Z', 400_000, 'established', null, 0, ...NOBODY, ...WEB, null, null, null],
  )
}

/** What `info` prints, but for the size of the file. */
function infoOf(version: number): string[] {
  const hasLookups = version >= 3
  const hasSkipped = version >= 4
  return [
    'session 1',
    `  loss          ${hasSkipped ? 'LOST 3 attempts: 1 ring full, 2 probe skipped by the kernel' : 'LOST 1 attempt: 1 ring full'}`,
    hasSkipped ? expect.stringMatching(/^ {2}no process {4}the process of 1 attempt is not known/) : null,
    '  host          web-1, Linux 6.1.0-31-amd64 x86_64, boot 2f1c4d34-0000-4000-8000-000000000000',
    '  recorded by   tcpconn 0.1.0: tcpconn record --duration 1m trace.db',
    '  filters       none',
    '  time          2023-11-14 22:13:20 UTC for 1m00s',
    '  ended         its duration was over',
    `  attempts      ${hasSkipped ? '9 (9.00/min)' : '7 (7.00/min)'}`,
    `  outcomes      ${hasSkipped ? 6 : 4} established, 1 refused, 1 timed_out, 1 pending`,
    hasSkipped ? expect.stringMatching(/^ {2}of these {6}1 inexact/) : null,
    '  local errors  not recorded',
    `  dns           ${hasLookups ? `udp: 2 lookups of 2 names; ${hasSkipped ? '22.2%' : '28.6%'} of attempts have a name` : 'lookups were not recorded'}`,
    `  completeness  ${hasSkipped ? "9 recorded + 3 lost = the kernel's 12" : "7 recorded + 1 lost = the kernel's 8"} attempts (TcpActiveOpens)`,
    hasSkipped ? expect.stringMatching(/^ {2}skipped runs {2}40 .*, 5 /) : null,
  ].filter((line) => line !== null)
}

async function exportLines(version: number): Promise<Record<string, Value>[]> {
  const output = join(makeTemporaryDirectory(), 'out.jsonl')
  await exportTrace([fileOf(version)], { format: 'jsonl', output, quiet: true })
  const lines = readFileSync(output, 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as Record<string, Value>)
}

/** Attempts are exported in the order of their rows. */
function pick(rows: readonly Record<string, unknown>[]): unknown[][] {
  const byStart = rows.toSorted((a, b) => String(a.time).localeCompare(String(b.time)))
  return byStart.map((row) => COLUMNS.map((column) => row[column]))
}

test('there is a file for every version of the format, and none has changed', () => {
  const migrations = readdirSync(join(PACKAGE_ROOT, 'migrations'))
  const files = readdirSync(DIRECTORY).filter((name) => name.endsWith('.db'))
  expect(files.toSorted()).toEqual(migrations.map((_, i) => `version-${i + 1}.db`).toSorted())
  // For a new one: (cd test/store/formats && sha256sum *.db) >test/store/formats/files.sha256
  expect(VERSIONS.map((version) => `${digestFile(fileOf(version))}  version-${version}.db\n`).join('')).toBe(DIGESTS)
})

describe.each(VERSIONS)('a trace of version %i', (version) => {
  const hasFourth = version >= 4

  test('is described', () => {
    const [first, ...lines] = describeTrace(fileOf(version))
    expect(first).toMatch(hasFourth ? /: 1 session, 9 attempts, / : /: 1 session, 7 attempts, /)
    expect(lines).toEqual(infoOf(version))
  })

  test('has a summary', () => {
    const [row, ...others] = rowObjects(runQuery(summary, [fileOf(version)]))
    expect(others).toEqual([])
    expect(row).toMatchObject({
      hosts: 'web-1',
      started_ns: 1_700_000_000_123_456_789n,
      recorded_ns: 60e9,
      attempts: hasFourth ? 9 : 7,
      established: hasFourth ? 6 : 4,
      refused: 1,
      timed_out: 1,
      pending: 1,
      syn_retransmits: 2,
      max_ns: 3_500_000_000,
      lost: hasFourth ? 3 : 1,
      completeness: 'incomplete',
      endpoints: 3,
      processes: hasFourth ? 3 : 2,
      busiest_user: 'www-data',
      busiest_process_pid: 1000,
      dns_source: version >= 3 ? 'udp' : null,
      dns_lookups: version >= 3 ? 2 : 0,
      named_attempts: version >= 3 ? 2 : 0,
    })
  })

  test('has its endpoints, the busiest first', () => {
    const columns = ['remote_address', 'remote_port', 'attempts', 'failed', 'max_ns', 'syn_retransmits']
    const rows = rowObjects(runQuery(topEndpoints, [fileOf(version)]))
    expect(rows.map((row) => columns.map((column) => row[column]))).toEqual([
      ['192.0.2.1', 443, hasFourth ? 5 : 3, 0, 3_500_000_000, 2],
      ['10.0.0.2', 3306, 3, 1, 250_000, 0],
      ['::1', 443, 1, 1, null, 0],
    ])
  })

  test('is queried in SQL, with NULL for what it does not know', () => {
    const statement = readStatement('SELECT * FROM connects ORDER BY started_ns')
    const rows = rowObjects(runQuery(createSqlQuery('sql', statement), [fileOf(version)]))
    expect(pick(rows)).toEqual(attemptsOf(version))
  })

  test('is exported, with NULL for what it does not know', async () => {
    // All sessions begin at 789 ns of a microsecond; the view has none.
    const expected = attemptsOf(version).map(([time, ...rest]) => [String(time).replace('Z', '789Z'), ...rest])
    expect(pick(await exportLines(version))).toEqual(expected)
  })

  test('is recorded into again after a migration, and keeps its attempts', () => {
    const copy = join(makeTemporaryDirectory(), 'trace.db')
    copyFileSync(fileOf(version), copy)
    const { db, close } = openOutput(copy)
    expect(db.pragma('user_version', { simple: true })).toBe(latestVersion())
    expect(db.pragma('foreign_key_check')).toEqual([])
    const rows = db.prepare('SELECT * FROM connects').all() as Record<string, unknown>[]
    expect(pick(rows)).toEqual(attemptsOf(version))
    close()
  })
})
