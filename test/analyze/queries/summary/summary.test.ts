import { describe, expect, test } from 'vitest'
import { summary } from '../../../../src/analyze/queries/summary/summary.js'
import { OUTCOMES } from '../../../../src/attempt/outcome.js'
import { LOOPBACK6 } from '../../../record/make-events.js'
import { STARTED_UNIX_NS } from '../../../record/new-trace.js'
import { exactPercentile } from '../../../store/random.js'
import { expectWithin } from '../../expect-within.js'
import { countFailed, rowObjects, runQuery, type Connect, type RowObject } from '../../query-rows.js'
import { makeSampleTrace } from '../../sample-trace.js'
import {
  SCOPE_CASES,
  connectsOfCase,
  coveredLatencies,
  groupRows,
  makeOtherHost,
  makeTwoSessions,
  type ScopeCase,
} from '../../scope-cases.js'

const LOSS = { ringFull: 5, mapFull: 0, writerBehind: 0, missed: 2, skipped: 0 }

const endpointOf = (row: Connect) => `${row.remote_address} ${row.remote_port}`
const userOf = (row: Connect) => `${row.user} ${row.uid}`
const processOf = (row: Connect) => `${row.host} ${row.pid} ${row.process_start_ns}`

function largest(rows: readonly Connect[], keyOf: (row: Connect) => string): number | null {
  const sizes = [...groupRows(rows, keyOf).values()].map((group) => group.length)
  return sizes.length === 0 ? null : Math.max(...sizes)
}

/** The only row of a summary. */
function summarize(files: readonly string[], raw: ScopeCase['raw'] = {}): RowObject {
  const [row, ...others] = rowObjects(runQuery(summary, files, raw))
  expect(others).toEqual([])
  return row!
}

const describeIn = (file: string, width = 80) => runQuery(summary, [file]).chart!(width).join('\n')

describe.each([1, 2])('over %i files', (fileCount) => {
  const made = () => [makeTwoSessions(13), makeOtherHost(14)].slice(0, fileCount)

  test.each(SCOPE_CASES)('counts and latencies equal those of all rows: $name', (scopeCase) => {
    const traces = made()
    const rows = connectsOfCase(traces, scopeCase)
    const found = summarize(
      traces.map(({ file }) => file),
      scopeCase.raw,
    )
    const outcomes = OUTCOMES.map((name) => [name, rows.filter((row) => row.outcome === name).length])
    const latencies = coveredLatencies(rows, scopeCase)
    expect(found).toMatchObject({
      ...Object.fromEntries(outcomes),
      sessions: fileCount * (scopeCase.raw.session === 'all' ? 2 : 1),
      attempts: rows.length,
      failed: countFailed(rows),
      syn_retransmits: rows.reduce((sum, row) => sum + Number(row.syn_retransmits ?? 0), 0),
      max_ns: exactPercentile(latencies, 100),
      endpoints: groupRows(rows, endpointOf).size,
      users: groupRows(rows, userOf).size,
      processes: groupRows(rows, processOf).size,
    })
    for (const percent of [50, 90, 99]) {
      expectWithin(found[`p${percent}_ns`], exactPercentile(latencies, percent), scopeCase.raw.exact)
    }
  })

  test.each(SCOPE_CASES)('the busiest and the slowest equal those of all rows: $name', (scopeCase) => {
    const traces = made()
    const rows = connectsOfCase(traces, scopeCase)
    const files = traces.map(({ file }) => file)
    const found = summarize(files, scopeCase.raw)
    const sizeOf = (isOne: (row: Connect) => boolean) => rows.filter(isOne).length || null
    const isBusiest = (row: Connect) =>
      row.remote_address === found.busiest_endpoint_address && row.remote_port === found.busiest_endpoint_port
    expect(found.busiest_endpoint_attempts).toBe(largest(rows, endpointOf))
    expect(sizeOf(isBusiest)).toBe(found.busiest_endpoint_attempts)
    expect(found.busiest_user_attempts).toBe(largest(rows, userOf))
    expect(sizeOf((row) => row.uid === found.busiest_uid && row.user === found.busiest_user)).toBe(
      found.busiest_user_attempts,
    )
    expect(found.busiest_process_attempts).toBe(largest(rows, processOf))
    expectSlowest(found, rows, scopeCase)
  })
})

/** By p99 of endpoints with 100 latencies, or with 10 or 1 if none has as many. */
function expectSlowest(found: RowObject, rows: readonly Connect[], scopeCase: ScopeCase): void {
  const groups = [...groupRows(rows, endpointOf).values()].map((group) => {
    const latencies = coveredLatencies(group, scopeCase)
    return { key: endpointOf(group[0]!), count: latencies.length, p99: exactPercentile(latencies, 99) }
  })
  const minimum = [100, 10, 1].find((count) => groups.some((group) => group.count >= count)) ?? null
  expect(found.slowest_min_latencies).toBe(minimum)
  if (minimum === null) return expect(found.slowest_endpoint_p99_ns).toBeNull()
  const enough = groups.filter((group) => group.count >= minimum)
  expect(found.slowest_of_endpoints).toBe(enough.length)
  expectWithin(found.slowest_endpoint_p99_ns, Math.max(...enough.map((group) => group.p99!)), scopeCase.raw.exact)
  const named = enough.find(
    (group) => group.key === `${found.slowest_endpoint_address} ${found.slowest_endpoint_port}`,
  )!
  expect(found.slowest_endpoint_latencies).toBe(named.count)
  expectWithin(found.slowest_endpoint_p99_ns, named.p99, scopeCase.raw.exact)
}

describe('the recorded time', () => {
  test('is that of the recording, and the rate is computed from it', () => {
    const { file } = makeSampleTrace({ batches: [Array.from({ length: 30 }, () => ({}))] })
    expect(summarize([file])).toMatchObject({
      started_ns: STARTED_UNIX_NS,
      ended_ns: STARTED_UNIX_NS + 60_000_000_000n,
      recorded_ns: 60e9,
      rate_per_second: 0.5,
    })
  })

  test('is limited to the requested range', () => {
    const { file } = makeSampleTrace({ batches: [[{ startedNs: 25_000_000_000n }]] })
    expect(summarize([file], { since: '+20s', until: '+30s' })).toMatchObject({
      started_ns: STARTED_UNIX_NS + 20_000_000_000n,
      recorded_ns: 10e9,
      rate_per_second: 0.1,
    })
  })
})

describe('loss and completeness', () => {
  test.each([
    ['complete', { batches: [[{}]] }],
    ['incomplete', { batches: [[{}]], loss: LOSS }],
    ['incomplete', { batches: [[{}]], loss: LOSS, goodbye: false }],
    ['unchecked', { batches: [[{}]], goodbye: false }],
    ['unchecked', { batches: [[{}]], filters: '{"ports":[443]}' }],
  ])('is %s', (completeness, session) => {
    const { file } = makeSampleTrace(session)
    expect(summarize([file])).toMatchObject({ completeness, lost: 'loss' in session ? 7 : 0 })
  })

  test('are the worst of all sessions', () => {
    const { file } = makeSampleTrace({ batches: [[{}]], loss: LOSS }, { batches: [[{}]] })
    expect(summarize([file])).toMatchObject({ completeness: 'complete', lost: 0 })
    expect(summarize([file], { session: 'all' })).toMatchObject({ completeness: 'incomplete', lost: 7 })
  })
})

describe('the DNS summary', () => {
  test('has the recorded lookups, in the time range and with the filters', () => {
    const events = Array.from({ length: 4 }, (_, i) => ({
      startedNs: BigInt(i) * 10_000_000_000n,
      remotePort: 443 + i,
    }))
    const { db, file } = makeSampleTrace({ batches: [events] })
    db.exec(`UPDATE session SET dns_source = 'udp', has_local_errors = 1, dns_malformed_count = 1;
      INSERT INTO dns_name VALUES (1, 'a.example'), (2, 'b.example');
      INSERT INTO connect_dns VALUES (1, 1, 5, 6, 1), (3, 1, 5, 6, 1), (4, 1, 5, 6, 1);
      INSERT INTO dns_lookup SELECT value, 1, value * 10000000000, NULL, 1 + value % 2, 1, NULL, 0, NULL, NULL, NULL, NULL
        FROM json_each('[0, 1, 2, 3, 4]')`)
    const all = { dns_source: 'udp', dns_lookups: 5, dns_names: 2, named_attempts: 3, named_percent: 75 }
    expect(summarize([file])).toMatchObject({ ...all, dns_malformed: 1, dns_lost: 0, local_error_sessions: 1 })
    expect(describeIn(file)).toMatch(/^dns +udp: 5 lookups of 2 names; 75.0% of attempts have a name$/m)
    expect(describeIn(file)).toMatch(/^local errors +recorded$/m)
    const late = { dns_lookups: 1, dns_names: 1, named_attempts: 1 }
    expect(summarize([file], { since: '+25s', until: '+35s' })).toMatchObject(late)
    expect(summarize([file], { port: ['444,445'] })).toMatchObject({ named_attempts: 1, named_percent: 50 })
    expect(runQuery(summary, [file]).warnings).toEqual([
      '1 malformed DNS packet; attempts are not affected, names may be missing',
    ])
  })

  test('has the number of sessions that recorded local errors', () => {
    const { db, file } = makeSampleTrace({ batches: [[{}]] }, { batches: [[{}]] })
    db.exec('UPDATE session SET has_local_errors = 1 WHERE session_id = 2')
    const text = runQuery(summary, [file], { session: 'all' }).chart!(80).join('\n')
    expect(text).toMatch(/^local errors +recorded in 1 of 2 sessions$/m)
  })
})

describe('the text for people', () => {
  test('is a block of lines', () => {
    const events = [
      { latencyNs: 40_000n },
      { latencyNs: 60_000n },
      { outcome: 1, error: 111, remotePort: 80, remoteAddress: LOOPBACK6, family: 6, uid: 0, comm: 'wget', pid: 5 },
    ]
    const { file, db } = makeSampleTrace({ batches: [events] })
    db.exec("UPDATE session SET host = 'host'")
    expect(runQuery(summary, [file]).isChartOnly).toBe(true)
    expect(describeIn(file)).toMatchInlineSnapshot(`
      "host              host, 1 session
      time              2023-11-14 22:13:20Z to 2023-11-14 22:14:20Z, 1m00s recorded
      attempts          3, 3.00/min, 1 failed (33.3%)
      outcomes          2 established, 1 refused
      latency           p50 40.2 µs, p90 60.0 µs, p99 60.0 µs, max 60.0 µs, 0 SYN
                        retransmits
      lost              0
      completeness      complete
      dns               lookups were not recorded
      local errors      not recorded
      busiest endpoint  127.0.0.1:443, 2 attempts (66.7%), of 2 endpoints
      busiest user      www-data, 2 attempts (66.7%), of 2 users
      busiest process   curl, pid 1000, 2 attempts (66.7%), of 2 processes
      slowest endpoint  127.0.0.1:443, p99 60.0 µs (of 1 endpoint with 1 attempt or
                        more)"
    `)
  })

  test.each([20, 40, 60, 200])('has no line of more than %i columns, and all words', (width) => {
    const { file } = makeTwoSessions(15)
    const lines = describeIn(file, width).split('\n')
    const words = (text: string) => text.split(/\s+/).join(' ')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(Math.max(width, 38))
    expect(words(lines.join(' '))).toBe(words(describeIn(file, 1000)))
  })

  test('shows an empty session', () => {
    const text = describeIn(makeSampleTrace({ batches: [] }).file)
    expect(text).toMatch(/^attempts +0, .*0 failed/m)
    for (const what of ['outcomes', 'busiest endpoint', 'busiest user', 'busiest process', 'slowest endpoint']) {
      expect(text).toMatch(new RegExp(`^${what} +none$`, 'm'))
    }
  })

  test('escapes control characters in names', () => {
    const { file, db } = makeSampleTrace({ batches: [[{ comm: '\x1b[31mred\x07' }]] })
    db.exec("UPDATE session SET host = 'a' || char(10, 27, 8238) || 'b'")
    db.exec("UPDATE process SET user = char(27) || 'root'")
    expect(describeIn(file).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(describeIn(file)).toContain('\\x1b[31mred\\x07')
  })
})
