import { describe, expect, test } from 'vitest'
import { latency } from '../../../../src/analyze/queries/latency/latency.js'
import { renderTable } from '../../../../src/analyze/result/render-table.js'
import { UsageError } from '../../../../src/base/errors.js'
import { containerName } from '../../../../src/attempt/container-name.js'
import { createRandom, exactPercentile } from '../../../store/random.js'
import {
  countFailed,
  latenciesOf,
  readConnects,
  rowObjects,
  runQuery,
  shownColumns,
  type Asked,
  type Connect,
  type RowObject,
} from '../../query-rows.js'
import type { RawScope } from '../../../../src/analyze/options/select-scope.js'
import { PLAIN_VIEW } from '../../result/sample-result.js'
import { makeSampleTrace, type SampleTrace } from '../../sample-trace.js'
import { variedEvents } from '../../varied-events.js'

const PERCENTS = { min_ns: 0.0001, p50_ns: 50, p75_ns: 75, p90_ns: 90, p95_ns: 95, p99_ns: 99, p999_ns: 99.9 } as const

function makeTrace(seed: number): SampleTrace {
  const random = createRandom(seed)
  const some = () => variedEvents(random, 800)
  return makeSampleTrace({ batches: [some(), null, some(), null, some()], goodbye: false })
}

function ask(trace: SampleTrace, raw: RawScope = {}, asked: Asked = {}): RowObject[] {
  return rowObjects(runQuery(latency, [trace.file], raw, asked))
}

/** Compares one row with the rows of the view that it sums up. */
function expectNaive(
  row: RowObject,
  connects: readonly Connect[],
  tolerance: number,
  latencies = latenciesOf(connects),
): void {
  expect(row.attempts).toBe(connects.length)
  expect(row.failed).toBe(countFailed(connects))
  expect(row.failed_percent).toBeCloseTo((countFailed(connects) / connects.length) * 100, 9)
  expect(row.max_ns).toBe(latencies.length === 0 ? null : Math.max(...latencies))
  for (const [name, percent] of Object.entries(PERCENTS)) {
    if (!(name in row)) continue
    const exact = exactPercentile(latencies, percent)
    // The minimum is exact, like the maximum and unlike percentiles.
    if (exact === null || tolerance === 0 || name === 'min_ns') expect(row[name], name).toBe(exact)
    else expect(Math.abs((row[name] as number) - exact), name).toBeLessThanOrEqual(exact * tolerance)
  }
}

function groupBy(connects: readonly Connect[], keyOf: (row: Connect) => unknown): Map<string, Connect[]> {
  const groups = new Map<string, Connect[]>()
  for (const row of connects) {
    const key = String(keyOf(row))
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return groups
}

describe.each([
  ['with --exact', { exact: true }, 0],
  ['from histograms', {}, 0.01],
] as const)('latency %s', (_, raw, tolerance) => {
  test('has one row for all attempts', () => {
    const trace = makeTrace(1)
    const rows = ask(trace, raw)
    expect(rows).toHaveLength(1)
    expect(Object.keys(rows[0]!)).toEqual(['attempts', 'failed', 'failed_percent', ...Object.keys(PERCENTS), 'max_ns'])
    expectNaive(rows[0]!, readConnects(trace.db), tolerance)
  })

  test('takes one session, or all together', () => {
    const random = createRandom(2)
    const trace = makeSampleTrace(
      { batches: [variedEvents(random, 300)] },
      { batches: [] },
      { batches: [variedEvents(random, 200), null, variedEvents(random, 100)], goodbye: false },
    )
    for (const session of ['1', '3']) {
      expectNaive(ask(trace, { ...raw, session })[0]!, readConnects(trace.db, `session_id = ${session}`), tolerance)
    }
    expectNaive(ask(trace, { ...raw, session: 'all' })[0]!, readConnects(trace.db), tolerance)
  })

  const DIMENSIONS: readonly [string, (row: Connect) => unknown, (row: RowObject) => unknown][] = [
    [
      'endpoint',
      (row) => `${row.remote_address} ${row.remote_port}`,
      (row) => `${row.remote_address} ${row.remote_port}`,
    ],
    ['address', (row) => row.remote_address, (row) => row.remote_address],
    ['port', (row) => row.remote_port, (row) => row.remote_port],
    ['uid', (row) => `${row.user} ${row.uid}`, (row) => `${row.user} ${row.uid}`],
    ['process', (row) => `${row.pid} ${row.process_start_ns}`, (row) => `${row.pid} ${row.process_start_ns}`],
    ['comm', (row) => row.comm, (row) => row.comm],
    ['exe', (row) => row.exe, (row) => row.exe],
    ['cgroup', (row) => row.cgroup, (row) => row.cgroup],
    ['container', (row) => containerName(row.cgroup as string | null), (row) => row.container],
    ['netns', (row) => `${row.netns} ${row.netns_cookie}`, (row) => `${row.netns} ${row.netns_cookie}`],
    ['dns', (row) => row.dns_name, (row) => row.dns_name],
    ['family', (row) => row.family, (row) => row.family],
    ['outcome', (row) => row.outcome, (row) => row.outcome],
    ['host', () => 'this', () => 'this'],
    ['subnet', (row) => naiveSubnet(row, 24, '::/64'), (row) => row.subnet],
    ['subnet/16', (row) => naiveSubnet(row, 16, '::/16'), (row) => row.subnet],
    ['subnet/0', (row) => naiveSubnet(row, 0, '::/0'), (row) => row.subnet],
  ]

  test.each(DIMENSIONS)('--by %s has a row per group, sorted by attempts', (by, keyOf, shownOf) => {
    const trace = makeTrace(3)
    addNames(trace)
    const groups = groupBy(readConnects(trace.db), keyOf)
    const rows = ask(trace, raw, { values: { by } })
    expect(rows.map((row) => String(shownOf(row))).toSorted()).toEqual([...groups.keys()].toSorted())
    for (const row of rows) {
      const group = groups.get(String(shownOf(row)))!
      const all = group.flatMap(({ latency_ns: ns }) => ns ?? [])
      expectNaive(row, group, tolerance, by === 'outcome' ? all : latenciesOf(group))
    }
    const attempts = rows.map((row) => row.attempts as number)
    expect(attempts).toEqual(attempts.toSorted((a, b) => b - a))
  })

  test('a process has one row with the facts of its first row, whatever the names of its threads', () => {
    const events = [
      { pid: 5, uid: 0, comm: 'first', exe: 'a' },
      { pid: 5, uid: 0, comm: 'second', exe: 'a' },
      { pid: 5, uid: 0, comm: 'first', exe: 'b' },
      { pid: 6, uid: 33, comm: 'other', exe: 'a' },
      { pid: 6, uid: 33, comm: 'other', exe: 'a', processStartNs: 7n },
    ]
    const trace = makeSampleTrace({ batches: [events] }, { batches: [events.toReversed()] })
    const shown = ({ pid, process_start_ns, comm, exe, user, attempts }: RowObject) =>
      [pid, process_start_ns, comm, exe, user, attempts].join(' ')
    const first = ['5 900000000 first a 0 3', '6 7 other a www-data 1', '6 900000000 other a www-data 1']
    expect(ask(trace, { ...raw, session: '1' }, { values: { by: 'process' } }).map(shown)).toEqual(first)
    const all = ask(trace, { ...raw, session: 'all' }, { values: { by: 'process' } })
      .map(shown)
      .toSorted()
    expect(all).toEqual(['5 900000000 first a 0 6', '6 7 other a www-data 2', '6 900000000 other a www-data 2'])
  })
})

test('by outcome, every outcome has its latencies, unless outcomes are selected', () => {
  const { file } = makeSampleTrace({ batches: [[{ outcome: 1, error: 111, latencyNs: 5n }, { latencyNs: 7n }]] })
  const by = (raw: RawScope) => runQuery(latency, [file], raw, { values: { by: 'outcome' } })
  expect(rowObjects(by({})).map((row) => [row.outcome, row.p50_ns, row.max_ns])).toEqual([
    ['established', 7, 7],
    ['refused', 5, 5],
  ])
  expect(by({}).notes.join()).toMatch(/^latency covers all attempts/)
  expect(by({ outcome: ['refused'] }).notes.join()).toMatch(/^latency covers refused attempts/)
})

test('the same pid on two hosts is two processes', () => {
  const traces = [makeSampleTrace({ batches: [[{}]] }), makeSampleTrace({ batches: [[{}, {}]] })]
  const files = traces.map((trace) => trace.file)
  const attempts = () =>
    rowObjects(runQuery(latency, files, {}, { values: { by: 'process' } })).map((row) => row.attempts)
  expect(attempts()).toEqual([3])
  traces[1]!.db.exec("UPDATE session SET host = 'elsewhere'")
  expect(attempts()).toEqual([2, 1])
  expect(rowObjects(runQuery(latency, files, {}, { values: { by: 'host' } }))[0]).toMatchObject({
    host: 'elsewhere',
    attempts: 2,
  })
})

/** The network of an IPv4 address by arithmetic; all other addresses of these traces are ::1. */
function naiveSubnet({ remote_address: address, family }: Connect, bits: number, other: string): string {
  if (family === 6) return other
  const number = (address as string).split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
  const network = number - (number % 2 ** (32 - bits))
  return `${[24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256).join('.')}/${bits}`
}

/** Every third attempt had a lookup before. */
function addNames({ db }: SampleTrace): void {
  db.exec(`INSERT INTO dns_name VALUES (1, 'a.example'), (2, 'b.example');
    INSERT INTO connect_dns SELECT attempt_id, 1 + attempt_id % 2, 5, NULL, 1 FROM connect_attempt WHERE attempt_id % 3 = 0`)
}

test('IPv6 networks are computed from the bits', () => {
  const addresses = [
    '20010db8000100020003000400050006',
    '20010db8000100020fff000400050006',
    '20010db8000100030003000400050006',
  ]
  const trace = makeSampleTrace({ batches: [addresses.map((remoteAddress) => ({ remoteAddress, family: 6 }))] })
  const subnets = (by: string) => ask(trace, {}, { values: { by } }).map((row) => `${row.subnet} ${row.attempts}`)
  expect(subnets('subnet')).toEqual(['2001:db8:1:2::/64 2', '2001:db8:1:3::/64 1'])
  expect(subnets('subnet/61')).toEqual(['2001:db8:1::/61 3'])
  expect(subnets('subnet/68')).toEqual(['2001:db8:1:2::/68 2', '2001:db8:1:3::/68 1'])
  expect(subnets('subnet/128')).toHaveLength(3)
})

test('IPv4 networks have at most 32 bits', () => {
  const trace = makeTrace(5)
  const accepted = /subnet\/1 to subnet\/32, and up to subnet\/128 where all addresses are IPv6/
  expect(ask(trace, {}, { values: { by: 'subnet/32' } })).not.toEqual([])
  const refused = expect.objectContaining({ code: 'E_USAGE', reason: expect.stringMatching(accepted) })
  expect(() => ask(trace, {}, { values: { by: 'subnet/33' } })).toThrow(refused)
  expect(() => ask(trace, {}, { values: { by: 'subnet/129' } })).toThrow(refused)
  expect(ask(trace, { ipv6: true }, { values: { by: 'subnet/33' } })).toMatchObject([{ subnet: '::/33' }])
})

test('an unknown --by is refused with a suggestion', () => {
  const refused = (hint: string) => expect.objectContaining({ hint })
  expect(() => ask(makeTrace(6), {}, { values: { by: 'hots' } })).toThrow(refused('did you mean host?'))
})

test('names of a hostile file do not change', () => {
  const trace = makeSampleTrace({ batches: [[{}, { remotePort: 80 }]] })
  trace.db.pragma('foreign_keys = OFF')
  trace.db.exec(`UPDATE endpoint SET address = x'00', remote_address = char(27) || '[2J' WHERE remote_port = 80;
    UPDATE process SET comm = '=cmd()', user = NULL, uid = 0, exe = NULL, cgroup_id = 99`)
  const keys = (by: string) => ask(trace, {}, { values: { by } }).map((row) => Object.values(row)[0])
  expect(keys('subnet').toSorted()).toEqual(['\u001b[2J', '127.0.0.0/24'])
  expect(keys('comm')).toEqual(['=cmd()'])
  expect(keys('exe')).toEqual([null])
  expect(keys('cgroup')).toEqual([null])
  expect(ask(trace, {}, { values: { by: 'uid' } })).toMatchObject([{ user: null, uid: 0, attempts: 2 }])
  trace.db.exec('DELETE FROM process; DELETE FROM endpoint')
  expect(ask(trace, {}, { values: { by: 'process' } })).toMatchObject([{ pid: null, comm: null, attempts: 2 }])
  expect(ask(trace, {}, { values: { by: 'subnet' } })).toMatchObject([{ subnet: null, attempts: 2 }])
})

test.each(['', 'foo', 'subnet/', 'subnet/129', 'subnet/-1', 'Endpoint', 'subnet/1.5'])('--by %j is refused', (by) => {
  const trace = makeSampleTrace({ batches: [] })
  expect(() => ask(trace, {}, { values: { by } })).toThrow(UsageError)
  expect(() => latency.columnsFor!({ by })).toThrow(UsageError)
})

test('the columns depend on --by', () => {
  const trace = makeTrace(4)
  for (const values of [{}, { by: 'uid' }, { by: 'subnet/8' }]) {
    const { columns } = runQuery(latency, [trace.file], {}, { values })
    expect(shownColumns(columns)).toEqual(shownColumns(latency.columnsFor!(values)))
  }
  expect(shownColumns(latency.columnsFor!({}))).toEqual(shownColumns(latency.columns))
})

test('rows can be sorted by a column of --by, and limited', () => {
  const trace = makeTrace(5)
  const result = runQuery(latency, [trace.file], { exact: true }, { values: { by: 'comm' }, sort: 'p999', limit: 3 })
  const naive = [...groupBy(readConnects(trace.db), (row) => row.comm).values()].map((rows) =>
    exactPercentile(latenciesOf(rows), 99.9),
  )
  expect(rowObjects(result).map((row) => row.p999_ns)).toEqual(naive.toSorted((a, b) => b! - a!).slice(0, 3))
  expect(result.hiddenRows).toBe(naive.length - 3)
})

test('an empty session has a row of zeros and no chart; a single attempt has its own values', () => {
  const trace = makeSampleTrace({ batches: [[{ latencyNs: 1_234_567n }]] }, { batches: [] })
  const empty = runQuery(latency, [trace.file])
  expect(rowObjects(empty)).toMatchObject([{ attempts: 0, failed: 0, failed_percent: 0, p50_ns: null, max_ns: null }])
  expect(empty.chart!(80)).toEqual(['no attempts match'])
  expect(rowObjects(runQuery(latency, [trace.file], {}, { values: { by: 'comm' } }))).toEqual([])
  const one = runQuery(latency, [trace.file], { session: '1', exact: true })
  expect(rowObjects(one)).toMatchObject([{ attempts: 1, min_ns: 1_234_567, p50_ns: 1_234_567, p999_ns: 1_234_567 }])
  expect(one.chart!(40)).toEqual([
    '1 attempt',
    '',
    '         LATENCY  COUNT',
    '1.2 ms to 1.4 ms      1  ███████████████',
    '',
  ])
})

test('the minimum is exact with histograms too, also in rolled-up windows, and no percentile is below it', () => {
  // In one bucket, whose middle is 1,507,327.5 ns.
  const lowest = [1_500_000n, 1_499_000n, 1_507_000n].map((latencyNs, i) => ({ latencyNs, remotePort: 440 + i }))
  const trace = makeSampleTrace({ batches: lowest.flatMap((event) => [[event, { latencyNs: 9_000_000n }], null]) })
  expect(ask(trace)[0]).toMatchObject({ min_ns: 1_499_000, max_ns: 9_000_000 })
  expect(ask(trace, { exact: true })[0]).toMatchObject({ min_ns: 1_499_000, max_ns: 9_000_000 })
  expect(ask(trace, { port: ['442'] })[0]).toMatchObject({ min_ns: 1_507_000, p50_ns: 1_507_000, max_ns: 1_507_000 })
  expect(ask(trace, { since: '2023-11-14' })[0]).toMatchObject({ min_ns: 1_499_000 })
})

test('the minimum of a long recording is computed from few of its attempts', () => {
  const random = createRandom(11)
  const trace = makeSampleTrace({ batches: Array.from({ length: 40 }, () => [variedEvents(random, 50), null]).flat() })
  const [row] = ask(trace)
  expect(row!.min_ns).toBe(Math.min(...latenciesOf(readConnects(trace.db))))
  expect(trace.db.prepare('SELECT count(*) FROM window_rollup').pluck().get()).toBeGreaterThan(0)
})

test('--outcome selects the attempts of the latencies', () => {
  const trace = makeTrace(6)
  const [row] = ask(trace, { outcome: ['refused'], exact: true })
  const refused = readConnects(trace.db, "outcome = 'refused'").map((one) => one.latency_ns as number)
  expect(row).toMatchObject({ attempts: refused.length, p99_ns: exactPercentile(refused, 99), failed_percent: 100 })
})

describe('the histogram of latencies', () => {
  test('follows the counts, which are not columns of a table', () => {
    const trace = makeSampleTrace({ batches: [[{}, {}, { outcome: 1, error: 111 }, { outcome: 7 }]] })
    const { columns, chart } = runQuery(latency, [trace.file])
    expect(chart!(80)[0]).toBe('4 attempts, 1 failed (25.0%)')
    expect(columns.filter((column) => column.isHidden).map((column) => column.name)).toEqual([
      'attempts',
      'failed',
      'failed_percent',
    ])
    for (const width of [5, 80, 120]) for (const line of chart!(width)) expect(line.length).toBeLessThanOrEqual(width)
  })

  test('counts every attempt in its band, with --exact', () => {
    const trace = makeTrace(7)
    const counts = readCounts(runQuery(latency, [trace.file], { exact: true }).chart!(120))
    const latencies = latenciesOf(readConnects(trace.db))
    for (const { fromNs, toNs, count } of counts) {
      expect(count).toBe(latencies.filter((ns) => ns >= fromNs && ns < toNs).length)
    }
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(latencies.length)
  })

  test('with stored sums, only latencies within 1% of an edge may change the band', () => {
    const trace = makeTrace(8)
    const counts = readCounts(runQuery(latency, [trace.file]).chart!(120))
    const latencies = latenciesOf(readConnects(trace.db))
    let below = 0
    for (const { toNs, count } of counts) {
      below += count
      expect(below).toBeGreaterThanOrEqual(latencies.filter((ns) => ns < toNs / 1.01).length)
      expect(below).toBeLessThanOrEqual(latencies.filter((ns) => ns < toNs * 1.01).length)
    }
    expect(below).toBe(latencies.length)
  })
})

/** Bands of the chart: `20 µs to  50 µs  1,234  1.2%  ███`. */
function readCounts(lines: readonly string[]) {
  const units: Record<string, number> = { ns: 1, µs: 1e3, ms: 1e6, s: 1e9 }
  return lines.slice(3, -1).map((line) => {
    const match = /^ *([\d.]+) (\S+) to +([\d.]+) (\S+) +([\d,]+) /.exec(line)!
    return {
      fromNs: Math.round(Number(match[1]) * units[match[2]!]!),
      toNs: Math.round(Number(match[3]) * units[match[4]!]!),
      count: Number(match[5]!.replaceAll(',', '')),
    }
  })
}

test('no attempts are a text in a table, and a row of zeros in data', () => {
  const { file } = makeSampleTrace({ batches: [] })
  const result = runQuery(latency, [file])
  expect(rowObjects(result)).toMatchObject([{ attempts: 0, p50_ns: null }])
  expect([...renderTable(result, PLAIN_VIEW)]).toEqual(['no attempts match', ...result.notes])
})

test('attempts without an established one have no histogram', () => {
  const { file } = makeSampleTrace({ batches: [[{ outcome: 1, error: 111 }]] })
  expect(runQuery(latency, [file]).chart!(80)).toEqual(['1 attempt, 1 failed (100.0%)', ''])
})

test('--by dns reports that no lookups were recorded (GAP-57)', () => {
  const { file } = makeSampleTrace({ batches: [[{}]] })
  const notes = (by: string) => runQuery(latency, [file], {}, { values: { by } }).notes
  const line = 'DNS lookups were not recorded: sudo tcpconn record --dns'
  expect(notes('dns')).toContain(line)
  expect(notes('port')).not.toContain(line)
})
