import type { Database } from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { dns } from '../../../../src/analyze/queries/dns/dns.js'
import type { QuerySettings } from '../../../../src/analyze/query/stored-query.js'
import { renderTable } from '../../../../src/analyze/result/render-table.js'
import type { RawScope } from '../../../../src/analyze/options/select-scope.js'
import { UsageError } from '../../../../src/base/errors.js'
import { runTool } from '../../../support/tool.js'
import { makeOlderTrace } from '../../older-trace.js'
import { rowObjects, runQuery } from '../../query-rows.js'
import { PLAIN_VIEW } from '../../result/sample-result.js'
import { makeSampleTrace } from '../../sample-trace.js'

const NAMES = ['a.example', 'b.example', 'never.example', '', '\x1b[2Jgone']

interface LookupFields {
  readonly name?: string
  readonly session?: number
  readonly startedNs?: number
  readonly latencyNs?: number | null
  readonly rcode?: number | null
  readonly cgroup?: number | null
  readonly truncated?: number | null
}

function addLookup(db: Database, fields: LookupFields): void {
  const { name = 'a.example', session = 1, startedNs = 0, latencyNs = 1000, rcode = 0, cgroup = null } = fields
  const { truncated = 0 } = fields
  db.prepare(
    `INSERT INTO dns_lookup VALUES (NULL, ?, ?, ?, (SELECT dns_name_id FROM dns_name WHERE dns_name = ?), 1, ?, 0, ?, NULL, ?, NULL)`,
  ).run(session, startedNs, latencyNs, name, rcode, cgroup, truncated)
}

/** Four attempts at 0, 10, 20 and 30 s, with the names a, a, b and none; the second one is refused. */
function makeNamed(host = 'host') {
  const events = [0n, 10n, 20n, 30n].map((seconds, i) => ({
    startedNs: seconds * 1_000_000_000n,
    cgroupId: BigInt(1 + (i % 2)),
    ...(i === 1 ? { outcome: 1, error: 111 } : {}),
  }))
  const trace = makeSampleTrace({ batches: [events] })
  trace.db.prepare('UPDATE session SET dns_source = ?, host = ?').run('udp', host)
  for (const name of NAMES) trace.db.prepare('INSERT INTO dns_name VALUES (NULL, ?)').run(name)
  trace.db.exec(`INSERT INTO connect_dns SELECT attempt_id, 1 + (started_ns >= 20000000000), 5, NULL, 1
    FROM connect_attempt WHERE started_ns < 30000000000`)
  return trace
}

const ask = (files: readonly string[], raw: RawScope = {}, values: QuerySettings['values'] = {}) =>
  rowObjects(runQuery(dns, files, raw, { values }))

describe('a name', () => {
  test('has its lookups, their failures and latencies, its addresses, and its attempts', () => {
    const { db, file } = makeNamed()
    for (let i = 1; i <= 200; i++) addLookup(db, { latencyNs: i * 1000 })
    for (const rcode of [2, 3, -2]) addLookup(db, { rcode, latencyNs: 5 })
    addLookup(db, { rcode: null, latencyNs: null })
    addLookup(db, { latencyNs: null })
    db.exec(`INSERT INTO dns_address VALUES (1, 1, '10.0.0.1'), (1, 1, '::1'), (1, 2, '10.0.0.1'), (1, 3, '10.0.0.3')`)
    expect(ask([file])).toEqual([
      {
        dns_name: 'a.example',
        lookups: 205,
        failed_lookups: 4,
        truncated_lookups: 0,
        // Nearest rank of 203 latencies: the 102nd and the 201st. Three of them are of failed lookups.
        lookup_p50_ns: 99_000,
        lookup_p99_ns: 198_000,
        lookup_max_ns: 200_000,
        addresses: 2,
        attempts: 2,
        failed: 1,
      },
      {
        dns_name: 'b.example',
        lookups: 0,
        failed_lookups: 0,
        truncated_lookups: 0,
        lookup_p50_ns: null,
        lookup_p99_ns: null,
        lookup_max_ns: null,
        addresses: 1,
        attempts: 1,
        failed: 0,
      },
    ])
  })

  test('has its truncated answers, which are not failures', () => {
    const { db, file } = makeNamed()
    for (const truncated of [1, 1, 0, null]) addLookup(db, { truncated })
    addLookup(db, { truncated: 1, rcode: 2 })
    addLookup(db, { name: 'never.example', truncated: 1 })
    const lookups = ask([file]).map((row) => [row.dns_name, row.lookups, row.failed_lookups, row.truncated_lookups])
    expect(lookups).toEqual([
      ['a.example', 5, 1, 3],
      ['never.example', 1, 0, 1],
      ['b.example', 0, 0, 0],
    ])
    const note = (count: string) =>
      `${count} had a truncated answer (TC): lookups that are then repeated over TCP are not seen`
    expect(runQuery(dns, [file]).notes).toContain(note('4 lookups'))
    expect(runQuery(dns, [file], {}, { values: { neverConnected: 'true' } }).notes).toContain(note('1 lookup'))
  })

  test('a note reports attempts to name servers over TCP, whose lookups are not seen in packets (GAP-59)', () => {
    const note = (source: string, ports: readonly number[]) => {
      const { db, file } = makeSampleTrace({ batches: [ports.map((remotePort) => ({ remotePort }))] })
      db.prepare('UPDATE session SET dns_source = ?').run(source)
      return runQuery(dns, [file]).notes?.filter((line) => line.includes('853'))
    }
    expect(note('udp', [53, 853, 853, 443])).toEqual([
      '3 attempts to port 53 or 853 (DNS over TCP or TLS): lookups in these are not seen',
    ])
    expect(note('udp', [443])).toEqual([])
    expect(note('libc', [53])).toEqual([])
  })

  test.each([3, 4])('of a trace of version %d has no truncated lookups', (version) => {
    const { db, file } = makeNamed()
    addLookup(db, { truncated: 1 })
    db.close()
    const older = runQuery(dns, [makeOlderTrace(file, version)])
    expect(rowObjects(older)[0]).toMatchObject({ dns_name: 'a.example', lookups: 1, truncated_lookups: 0 })
    expect(older.notes.join()).not.toContain('truncated')
  })

  test('is sorted by lookups, then alphabetically', () => {
    const { db, file } = makeNamed()
    for (const name of ['never.example', 'never.example', 'b.example', '', '\x1b[2Jgone', 'a.example']) {
      addLookup(db, { name })
    }
    const names = ask([file]).map((row) => row.dns_name)
    expect(names).toEqual(['never.example', '', '\x1b[2Jgone', 'a.example', 'b.example'])
    const table = [...renderTable(runQuery(dns, [file]), PLAIN_VIEW)].join('\n')
    expect(table).toContain('\\x1b[2Jgone')
    expect(table.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
  })

  test('without attempts is counted, and --never-connected shows only such names', () => {
    const { db, file } = makeNamed()
    for (const name of NAMES) addLookup(db, { name })
    const note = 'no attempts by 3 names; --never-connected shows these alone'
    expect(runQuery(dns, [file]).notes).toContain(note)
    const alone = runQuery(dns, [file], {}, { values: { neverConnected: 'true' } })
    expect(rowObjects(alone).map((row) => row.dns_name)).toEqual(['', '\x1b[2Jgone', 'never.example'])
    expect(alone.notes).not.toContain(note)
  })

  test('without any name there are no rows', () => {
    const { db, file } = makeNamed()
    addLookup(db, {})
    const empty = runQuery(dns, [file], {}, { values: { neverConnected: 'true' } })
    expect([empty.rows, empty.whenEmpty]).toEqual([[], 'there were attempts by every name'])
    expect(runQuery(dns, [file], { since: '+50s' })).toMatchObject({ rows: [], whenEmpty: 'no lookup matches' })
  })
})

describe('selection', () => {
  test('a time range applies to lookups and attempts', () => {
    const { db, file } = makeNamed()
    for (const startedNs of [0, 9_999_999_999, 10_000_000_000, 19_999_999_999, 20_000_000_000]) {
      addLookup(db, { startedNs })
    }
    const [row, ...others] = ask([file], { since: '+10s', until: '+20s' })
    expect(others).toEqual([])
    expect(row).toMatchObject({ dns_name: 'a.example', lookups: 2, attempts: 1, failed: 1 })
  })

  test('a time range follows the wall clock, also if it was set', () => {
    const { db, file } = makeNamed()
    db.exec('INSERT INTO clock_offset SELECT 1, 15000000000, unix_offset_ns + 3600000000000 FROM clock_offset')
    for (const startedNs of [14e9, 16e9]) addLookup(db, { startedNs })
    expect(ask([file], { since: '+30m' })).toMatchObject([
      { dns_name: 'a.example', lookups: 1, attempts: 0 },
      { dns_name: 'b.example', lookups: 0, attempts: 1 },
    ])
  })

  test('--cgroup with its descendants applies to lookups and attempts', () => {
    const { db, file } = makeNamed()
    const [one, two] = db.prepare('SELECT cgroup_id FROM cgroup ORDER BY kernel_cgroup_id').pluck().all() as number[]
    for (const cgroup of [one, one, two, null]) addLookup(db, { cgroup: cgroup ?? null })
    expect(ask([file], { cgroup: ['/cgroup-1'] })).toMatchObject([
      { dns_name: 'a.example', lookups: 2, attempts: 1, failed: 0 },
      { dns_name: 'b.example', lookups: 0, attempts: 1 },
    ])
  })

  test('all other filters apply only to attempts, and a note reports it', () => {
    const { db, file } = makeNamed()
    addLookup(db, {})
    addLookup(db, { name: 'b.example' })
    const found = runQuery(dns, [file], { outcome: ['failed'] })
    expect(rowObjects(found)).toMatchObject([
      { dns_name: 'a.example', lookups: 1, attempts: 1, failed: 1 },
      { dns_name: 'b.example', lookups: 1, attempts: 0 },
    ])
    const note = 'filters but --cgroup choose attempts, not lookups'
    expect(found.notes).toContain(note)
    expect(runQuery(dns, [file], { cgroup: ['/cgroup-1'] }).notes).not.toContain(note)
  })

  test('one session, or all', () => {
    const trace = makeNamed()
    trace.add({ batches: [[{}]] })
    trace.db.exec("UPDATE session SET dns_source = 'libc'")
    addLookup(trace.db, { session: 1, latencyNs: 1 })
    addLookup(trace.db, { session: 2, latencyNs: 3 })
    trace.db.exec(`INSERT INTO dns_address VALUES (1, 1, '10.0.0.1'), (2, 1, '10.0.0.1'), (2, 1, '10.0.0.2')`)
    expect(ask([trace.file])).toMatchObject([{ lookups: 1, lookup_max_ns: 3, addresses: 2, attempts: 0 }])
    const [all] = ask([trace.file], { session: 'all' })
    expect(all).toMatchObject({ lookups: 2, lookup_p50_ns: 1, addresses: 2, attempts: 2 })
  })

  test('several files together, or each host separately', () => {
    const traces = ['one', 'two'].map((host) => makeNamed(host))
    for (const { db } of traces) addLookup(db, {})
    const files = traces.map(({ file }) => file)
    expect(ask(files)[0]).toMatchObject({ dns_name: 'a.example', lookups: 2, attempts: 4 })
    expect(runQuery(dns, files).notes[0]).toBe('2 hosts together; --by host keeps them apart')
    expect(ask(files, {}, { by: 'host' }).slice(0, 2)).toMatchObject([
      { host: 'one', dns_name: 'a.example', lookups: 1, attempts: 2 },
      { host: 'two', dns_name: 'a.example', lookups: 1, attempts: 2 },
    ])
    expect(() => ask(files, {}, { by: 'uid' })).toThrow(UsageError)
  })
})

describe('a warning reports', () => {
  const NOT_RECORDED = 'DNS lookups were not recorded: sudo tcpconn record --dns'
  const LOST =
    'LOST 1,200 DNS packets, 1 malformed DNS packet, 2 DNS names evicted from the full name cache; attempts are not affected, names may be missing'

  test('that no lookups were recorded', async () => {
    const { db, file } = makeNamed()
    expect(runQuery(dns, [file]).warnings).toEqual([])
    db.exec('UPDATE session SET dns_source = NULL')
    const table = await runTool(['analyze', 'dns', file])
    expect([table.status, table.stderr, table.stdout.split('\n')[0]]).toEqual([0, '', NOT_RECORDED])
    const json = await runTool(['analyze', 'dns', file, '--format', 'json'])
    expect([json.status, json.stderr]).toEqual([0, `${NOT_RECORDED}\n`])
  })

  test('how many of several sessions have no lookups', () => {
    const trace = makeNamed()
    trace.add({ batches: [[{}]] })
    const said = runQuery(dns, [trace.file], { session: 'all' }).warnings
    expect(said).toEqual(['DNS lookups were not recorded in 1 of 2 sessions: sudo tcpconn record --dns'])
  })

  test('lost lookups', () => {
    const trace = makeNamed()
    trace.db.exec('UPDATE session SET dns_lost_count = 1200, dns_malformed_count = 1, dns_evicted_count = 2')
    expect(runQuery(dns, [trace.file]).warnings).toEqual([LOST])
    trace.add({ batches: [[{}]] })
    trace.db.exec("UPDATE session SET dns_source = 'udp'")
    expect(runQuery(dns, [trace.file], { session: 'all' }).warnings).toEqual([`session 1: ${LOST}`])
  })

  const BESIDE = 'lookups are of the whole host: names without attempts may have had some'

  test.each([
    ['{"port":[81,443],"family":4}', 'port 81, 443; family 4'],
    ['{"command":["curl","\\u001b[2J"]}', 'command curl, \\x1b[2J'],
    ['no JSON', 'no JSON'],
  ])('that attempts were filtered but lookups were not: %s', (filters, text) => {
    const { db, file } = makeNamed()
    db.prepare('UPDATE session SET filters = ?').run(filters)
    expect(runQuery(dns, [file]).warnings).toEqual([`attempts were filtered (${text}), ${BESIDE}`])
    db.exec('UPDATE session SET dns_source = NULL')
    expect(runQuery(dns, [file]).warnings).toEqual([NOT_RECORDED])
  })

  test('how many of several sessions were filtered, and by which filters', () => {
    const trace = makeNamed()
    for (const filters of ['{"port":[81]}', '{"port":[81]}', '{"uid":[33]}']) trace.add({ batches: [[{}]], filters })
    trace.db.exec("UPDATE session SET dns_source = 'udp'")
    expect(runQuery(dns, [trace.file], { session: 'all' }).warnings).toEqual([
      `attempts were filtered in 2 of 4 sessions (port 81), ${BESIDE}`,
      `attempts were filtered in 1 of 4 sessions (uid 33), ${BESIDE}`,
    ])
    expect(runQuery(dns, [trace.file], { session: '1' }).warnings).toEqual([])
  })

  test.each([1, 2])('that a trace of version %i has no lookups', (version) => {
    const found = runQuery(dns, [makeOlderTrace(makeNamed().file, version)])
    expect(found.warnings).toEqual([NOT_RECORDED])
    expect(rowObjects(found)).toMatchObject([
      { dns_name: 'a.example', lookups: 0, addresses: 0, attempts: 2 },
      { dns_name: 'b.example', lookups: 0, addresses: 0, attempts: 1 },
    ])
  })
})
