import { describe, expect, test } from 'vitest'
import { timeline } from '../../../../src/analyze/queries/timeline/timeline.js'
import type { RawScope } from '../../../../src/analyze/options/select-scope.js'
import { UsageError } from '../../../../src/base/errors.js'
import { createRandom, exactPercentile } from '../../../store/random.js'
import { STARTED_UNIX_NS } from '../../../record/new-trace.js'
import {
  countFailed,
  latenciesOf,
  readConnects,
  rowObjects,
  runQuery,
  type Connect,
  type RowObject,
} from '../../query-rows.js'
import { makeSampleTrace, type SampleTrace } from '../../sample-trace.js'
import { variedEvents } from '../../varied-events.js'

const START_S = Number(STARTED_UNIX_NS / 1_000_000_000n)

function makeTrace(seed: number): SampleTrace {
  const random = createRandom(seed)
  const some = () => variedEvents(random, 900)
  return makeSampleTrace({ batches: [some(), null, some(), some(), null, some()], goodbye: false })
}

function ask(files: readonly string[], raw: RawScope = {}, interval?: string): RowObject[] {
  const values = interval === undefined ? {} : { interval }
  return rowObjects(runQuery(timeline, files, raw, { values }))
}

/** Attempts by the first second of their interval. */
function byStart(connects: readonly Connect[], seconds: number): Map<number, Connect[]> {
  const groups = new Map<number, Connect[]>()
  for (const row of connects) {
    const second = Number(row.started_ns / 1_000_000_000n)
    const start = second - (second % seconds)
    groups.set(start, [...(groups.get(start) ?? []), row])
  }
  return groups
}

/** Checks that every interval occurs once, in order, with the values of the view's rows. */
function expectNaive(
  rows: readonly RowObject[],
  connects: readonly Connect[],
  seconds: number,
  tolerance: number,
): void {
  const groups = byStart(connects, seconds)
  const starts = rows.map((row) => Number((row.started_ns as bigint) / 1_000_000_000n))
  expect(starts).toEqual(starts.map((_, i) => starts[0]! + i * seconds))
  expect([...groups.keys()].filter((start) => !starts.includes(start))).toEqual([])
  rows.forEach((row, i) => {
    const group = groups.get(starts[i]!) ?? []
    const latencies = latenciesOf(group)
    expect(row).toMatchObject({ attempts: group.length, failed: countFailed(group) })
    expect(row.failed_percent).toBeCloseTo(group.length === 0 ? 0 : (countFailed(group) / group.length) * 100, 9)
    for (const [name, percent] of [
      ['p50_ns', 50],
      ['p99_ns', 99],
    ] as const) {
      const exact = exactPercentile(latencies, percent)
      if (exact === null || tolerance === 0) expect(row[name]).toBe(exact)
      else expect(Math.abs((row[name] as number) - exact)).toBeLessThanOrEqual(exact * tolerance)
    }
  })
}

describe.each([
  ['with --exact', { exact: true }, 0],
  ['from histograms', {}, 0.01],
] as const)('timeline %s', (_, raw, tolerance) => {
  test.each([
    ['1s', 1],
    ['7s', 7],
    ['1m', 60],
    ['1h', 3600],
  ])('intervals of %s have the values of the rows', (interval, seconds) => {
    const trace = makeTrace(1)
    expectNaive(ask([trace.file], raw, interval), readConnects(trace.db), seconds, tolerance)
  })

  test('selects an interval length', () => {
    const trace = makeTrace(2)
    const rows = ask([trace.file], raw)
    expect(rows.length).toBeGreaterThanOrEqual(20)
    expect(rows.length).toBeLessThanOrEqual(60)
    expectNaive(rows, readConnects(trace.db), 2, tolerance)
  })

  test('several sessions and files share one timeline', () => {
    const random = createRandom(3)
    const one = makeSampleTrace({ batches: [variedEvents(random, 300)] }, { batches: [variedEvents(random, 300)] })
    const two = makeSampleTrace({ batches: [variedEvents(random, 200), null, []] })
    const rows = ask([one.file, two.file], { ...raw, session: 'all' }, '5s')
    expectNaive(rows, [...readConnects(one.db), ...readConnects(two.db)], 5, tolerance)
  })

  test.each([3_600_000_000_000n, -40_000_000_000n])('follows a clock that was set by %d ns', (step) => {
    const trace = makeTrace(4)
    trace.db.exec(`INSERT INTO clock_offset VALUES (1, 50000000000, ${STARTED_UNIX_NS + step})`)
    expectNaive(ask([trace.file], raw, '10s'), readConnects(trace.db), 10, tolerance)
    // Only the time of the second clock.
    const since = STARTED_UNIX_NS + 50_000_000_000n + (step > 0n ? step : 0n)
    const after = readConnects(trace.db, `started_ns >= ${since}`)
    const iso = new Date(Number(since / 1_000_000n)).toISOString()
    expectNaive(ask([trace.file], { ...raw, since: iso }, '10s'), after, 10, tolerance)
  })

  test('--since and --until cut intervals, and filters leave out attempts', () => {
    const trace = makeTrace(5)
    const from = STARTED_UNIX_NS + 30_500_000_000n
    const where = `started_ns >= ${from} AND started_ns < ${from + 30_000_000_000n} AND remote_port = 443`
    const options = { ...raw, since: '+30.5s', until: '+60.5s', port: ['443'] }
    const rows = ask([trace.file], options, '4s')
    expectNaive(rows, readConnects(trace.db, where), 4, tolerance)
    expect(Number((rows[0]!.started_ns as bigint) / 1_000_000_000n)).toBe(START_S + 28)
    expect(rows).toHaveLength(9)
  })
})

test('sums stored with the first clock are not used for the second clock', () => {
  const later = (second: number) => ({ startedNs: BigInt(second) * 1_000_000_000n })
  const trace = makeSampleTrace({ batches: [[later(10), later(20)], null, [later(60), later(61), later(75)], null] })
  trace.db.exec(`INSERT INTO clock_offset VALUES (1, 50000000000, ${STARTED_UNIX_NS + 1000_000_000_000n})`)
  const iso = (second: number) => new Date((START_S + second) * 1000).toISOString()
  const rows = ask([trace.file], { since: iso(1050), until: iso(1080) }, '10s')
  expectNaive(rows, readConnects(trace.db, 'started_ns >= 1700001050000000000'), 10, 0.01)
  expect(rows.map((row) => row.attempts)).toEqual([0, 2, 1])
})

test('the rate is computed from the recorded time', () => {
  // 60 s from a whole second on: the intervals of 40 s begin 0 s and 40 s after it.
  const at = (seconds: number) => ({ startedNs: BigInt(seconds * 1e9) })
  const trace = makeSampleTrace({ batches: [[at(1), at(2), at(45), at(46)]] })
  expect(START_S % 40).toBe(0)
  expect(ask([trace.file], {}, '40s')).toMatchObject([
    { attempts: 2, rate_per_second: 2 / 40 },
    { attempts: 2, rate_per_second: 2 / 20 },
  ])
  expect(ask([trace.file], { since: '+30s' }, '40s')).toMatchObject([
    { attempts: 0, rate_per_second: 0, p50_ns: null },
    { attempts: 2, rate_per_second: 2 / 20 },
  ])
})

test('between two sessions there are no attempts and no rate', () => {
  const trace = makeSampleTrace({ batches: [[{}]] }, { batches: [[{}, {}]] })
  trace.db.exec(`UPDATE clock_offset SET unix_offset_ns = unix_offset_ns + 180000000000 WHERE session_id = 2`)
  const rows = ask([trace.file], { session: 'all', exact: true }, '60s')
  expect(rows.map(({ attempts, rate_per_second: rate }) => [attempts, rate === null])).toEqual([
    [1, false],
    [0, false],
    [0, true],
    [2, false],
    [0, false],
  ])
})

test('counts an attempt that began before its session', () => {
  const trace = makeSampleTrace({ batches: [[{}]] })
  trace.db.exec('UPDATE connect_attempt SET started_ns = -1500000000; UPDATE batch SET min_started_ns = -1500000000')
  const rows = ask([trace.file], { exact: true }, '1s')
  expect(rows[0]).toMatchObject({ started_ns: STARTED_UNIX_NS - 2_000_000_000n, attempts: 1 })
})

test('an empty session has intervals without attempts; one that was cut off at once has no intervals', () => {
  const trace = makeSampleTrace({ batches: [] }, { batches: [], goodbye: false })
  const rows = ask([trace.file], { session: '1' })
  expect(rows).toHaveLength(60)
  expect(rows.every((row) => row.attempts === 0 && row.rate_per_second === 0 && row.p99_ns === null)).toBe(true)
  const cut = runQuery(timeline, [trace.file], { session: '2' })
  expect(cut.rows).toEqual([])
  expect(cut.chart!(80)).toEqual([''])
})

test('a single attempt', () => {
  const trace = makeSampleTrace({ batches: [[{ latencyNs: 5_000_000n }]], goodbye: false })
  const rows = ask([trace.file], { exact: true })
  expect(rows).toHaveLength(2)
  expect(rows[0]).toMatchObject({ started_ns: STARTED_UNIX_NS, attempts: 0, rate_per_second: 0 })
  expect(rows[1]).toEqual({
    started_ns: STARTED_UNIX_NS + 1_000_000_000n,
    attempts: 1,
    rate_per_second: 1,
    failed: 0,
    failed_percent: 0,
    p50_ns: 5_000_000,
    p99_ns: 5_000_000,
  })
})

test.each([
  [1, '1 s'],
  [61, '1 s'],
  [62, '2 s'],
  [300, '5 s'],
  [3600, '1 m'],
  [86_400, '30 m'],
  [7 * 86_400, '3 h'],
  [365 * 86_400, '1 d'],
])('a session of %d s has intervals of %s', (seconds, interval) => {
  const trace = makeSampleTrace({ batches: [] })
  trace.db.exec(`UPDATE session SET duration_ns = ${seconds}000000000`)
  const result = runQuery(timeline, [trace.file])
  expect(result.notes[0]).toContain(`intervals of ${interval};`)
  if (seconds >= 60 && seconds < 30 * 86_400) expect(result.rows.length).toBeGreaterThanOrEqual(20)
  if (seconds < 30 * 86_400) expect(result.rows.length).toBeLessThanOrEqual(61)
})

test.each(['0', '0s', '1.5s', '100ms', 'x', '', '-5s', '1h0.5s'])('--interval %j is refused', (interval) => {
  const trace = makeSampleTrace({ batches: [[{}]] })
  expect(() => ask([trace.file], {}, interval)).toThrow(UsageError)
})

test('more than 100,000 rows are refused', () => {
  const trace = makeSampleTrace({ batches: [[{}]] })
  trace.db.exec('UPDATE session SET duration_ns = 100000000000000')
  expect(ask([trace.file], {}, '1s')).toHaveLength(100_000)
  trace.db.exec('UPDATE session SET duration_ns = 100000000000001')
  expect(() => ask([trace.file], {}, '1s')).toThrow(/--interval/)
  expect(ask([trace.file], {}, '2s')).toHaveLength(50_001)
})

test('a file with times centuries apart does not exhaust memory', () => {
  const trace = makeSampleTrace({ batches: [[{}]] }, { batches: [[{}]] })
  trace.db.exec('UPDATE clock_offset SET unix_offset_ns = -9000000000000000000 WHERE session_id = 1')
  trace.db.exec('UPDATE clock_offset SET unix_offset_ns = 9000000000000000000 WHERE session_id = 2')
  const rows = ask([trace.file], { session: 'all', exact: true })
  expect(rows.map((row) => row.attempts)).toEqual([1, 1])
})

test('rows can be sorted and limited; the chart shows all of them', () => {
  const trace = makeTrace(7)
  const all = ask([trace.file], {}, '5s')
  const result = runQuery(timeline, [trace.file], {}, { values: { interval: '5s' }, sort: 'attempts', limit: 2 })
  const highest = all.map((row) => row.attempts as number).toSorted((a, b) => b - a)
  expect(rowObjects(result).map((row) => row.attempts)).toEqual(highest.slice(0, 2))
  expect(result.hiddenRows).toBe(all.length - 2)
  expect(result.chart!(80)[0]).toContain(`max ${highest[0]}`)
  expect(result.chart!(80).join('\n')).toContain('2023-11-14 22:13:20Z')
  for (const width of [80, 120]) for (const line of result.chart!(width)) expect(line.length).toBeLessThanOrEqual(width)
})

test('a table leaves out long runs of empty intervals; data does not', () => {
  const events = [0n, 1n, 50n].map((second) => ({ startedNs: second * 1_000_000_000n }))
  const { file } = makeSampleTrace({ batches: [events] })
  const asked = { values: { interval: '1s' } }
  const { rows, shownRows } = runQuery(timeline, [file], {}, asked)
  expect(rows).toHaveLength(60)
  expect(shownRows).toEqual([rows[0], rows[1], '… 48 intervals without attempts', rows[50], ...rows.slice(51)])
  expect(runQuery(timeline, [file], {}, { ...asked, sort: 'attempts' }).shownRows).toBe(undefined)
})
