import { describe, expect, test } from 'vitest'
import { heatmap } from '../../../src/analyze/queries/heatmap.js'
import type { RawScope } from '../../../src/analyze/options/select-scope.js'
import { createRandom } from '../../store/random.js'
import { STARTED_UNIX_NS } from '../../record/new-trace.js'
import {
  countFailed,
  latenciesOf,
  readConnects,
  rowObjects,
  runQuery,
  type Connect,
  type RowObject,
} from '../query-rows.js'
import { makeSampleTrace, type SampleTrace } from '../sample-trace.js'
import { variedEvents } from '../varied-events.js'

const NS = 1_000_000_000n

function makeTrace(seed: number): SampleTrace {
  const random = createRandom(seed)
  const some = () => variedEvents(random, 900)
  return makeSampleTrace({ batches: [some(), null, some(), some(), null, some()], goodbye: false })
}

function ask(files: readonly string[], raw: RawScope = {}, width = 80): RowObject[] {
  return rowObjects(runQuery(heatmap, files, raw, { width }))
}

/** Attempts that began in the interval of a row. */
function inInterval(connects: readonly Connect[], started: bigint, seconds: number): Connect[] {
  return connects.filter((row) => row.started_ns >= started && row.started_ns < started + BigInt(seconds) * NS)
}

function expectNaive(rows: readonly RowObject[], connects: readonly Connect[], seconds: number, slack: number): void {
  const starts = [...new Set(rows.map((row) => row.started_ns as bigint))]
  for (const started of starts) {
    expect((started / NS) % BigInt(seconds)).toBe(0n)
    const group = inInterval(connects, started, seconds)
    const latencies = latenciesOf(group)
    const ofStart = rows.filter((row) => row.started_ns === started)
    const cells = ofStart.filter((row) => row.latency_from_ns !== null)
    const failed = ofStart.filter((row) => row.latency_from_ns === null)
    expect(failed.map((row) => row.attempts)).toEqual(countFailed(group) > 0 ? [countFailed(group)] : [])
    expect(cells.reduce((sum, row) => sum + (row.attempts as number), 0)).toBe(latencies.length)
    for (const { latency_from_ns: from, latency_to_ns: to, attempts } of cells) {
      const between = (a: number, b: number) => latencies.filter((ns) => ns >= a && ns < b).length
      expect(attempts).toBeGreaterThanOrEqual(between((from as number) * (1 + slack), (to as number) / (1 + slack)))
      expect(attempts).toBeLessThanOrEqual(between((from as number) / (1 + slack), (to as number) * (1 + slack)))
    }
  }
  // No attempt is left out.
  const shown = rows.reduce((sum, row) => sum + (row.attempts as number), 0)
  expect(shown).toBe(latenciesOf(connects).length + countFailed(connects))
}

describe.each([
  ['with --exact', { exact: true }, 0],
  ['from histograms', {}, 0.01],
] as const)('heatmap %s', (_, raw, slack) => {
  test.each([
    [80, 2],
    [120, 2],
    [140, 1],
    [40, 4],
  ])('with %d columns, a column is the shortest interval that fits', (width, seconds) => {
    const trace = makeTrace(1)
    const result = runQuery(heatmap, [trace.file], raw, { width })
    expectNaive(rowObjects(result), readConnects(trace.db), seconds, slack)
    expect(result.chart!(width).at(-1)).toContain(`a column is ${seconds} s`)
  })

  test('includes several sessions and files', () => {
    const random = createRandom(2)
    const one = makeSampleTrace({ batches: [variedEvents(random, 300)] }, { batches: [variedEvents(random, 300)] })
    const two = makeSampleTrace({ batches: [variedEvents(random, 200)] })
    const rows = ask([one.file, two.file], { ...raw, session: 'all' })
    expectNaive(rows, [...readConnects(one.db), ...readConnects(two.db)], 2, slack)
  })

  test('follows a clock that was set back', () => {
    const trace = makeTrace(3)
    trace.db.exec(`INSERT INTO clock_offset VALUES (1, 50000000000, ${STARTED_UNIX_NS - 40n * NS})`)
    expectNaive(ask([trace.file], raw), readConnects(trace.db), 2, slack)
  })

  test('applies a time range and filters', () => {
    const trace = makeTrace(4)
    const from = STARTED_UNIX_NS + 30n * NS
    const where = `started_ns >= ${from} AND started_ns < ${from + 30n * NS} AND uid = 33`
    expectNaive(
      ask([trace.file], { ...raw, since: '+30s', until: '+60s', uid: ['33'] }),
      readConnects(trace.db, where),
      1,
      slack,
    )
  })
})

test('the chart shows the values of the rows, without a table', () => {
  const trace = makeTrace(5)
  const result = runQuery(heatmap, [trace.file], {}, { width: 80 })
  expect(result.isChartOnly).toBe(true)
  const lines = result.chart!(80)
  const bands = lines.slice(
    0,
    lines.findIndex((line) => line.includes('└')),
  )
  const edges = new Set(rowObjects(result).map((row) => row.latency_from_ns))
  expect(bands.filter((line) => /[░▒▓█]/.test(line))).toHaveLength(edges.size - 1)
  expect(bands.length).toBeLessThanOrEqual(20)
  const shaded = bands.join('').match(/[░▒▓█]/g)!.length
  expect(shaded).toBe(rowObjects(result).filter((row) => row.latency_from_ns !== null).length)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
})

test('an empty session, a single attempt, and only failures', () => {
  const trace = makeSampleTrace(
    { batches: [] },
    { batches: [[{ latencyNs: 1_500_000n }]], goodbye: false },
    { batches: [[{ outcome: 1, error: 111 }, { outcome: 7 }]], goodbye: false },
    { batches: [], goodbye: false },
  )
  expect(ask([trace.file], { session: '1' })).toEqual([])
  expect(ask([trace.file], { session: '2', exact: true })).toEqual([
    { started_ns: STARTED_UNIX_NS + NS, latency_from_ns: 1_400_000, latency_to_ns: 1_600_000, attempts: 1 },
  ])
  expect(ask([trace.file], { session: '3' })).toEqual([
    { started_ns: STARTED_UNIX_NS + NS, latency_from_ns: null, latency_to_ns: null, attempts: 1 },
  ])
  for (const session of ['1', '2', '3', '4']) {
    for (const width of [1, 12, 80]) {
      const result = runQuery(heatmap, [trace.file], { session }, { width })
      for (const line of result.chart!(width)) expect(line.length).toBeLessThanOrEqual(width)
    }
  }
})

test('a file with times centuries apart does not exhaust memory', () => {
  const trace = makeSampleTrace({ batches: [[{}]] }, { batches: [[{}]] })
  trace.db.exec('UPDATE clock_offset SET unix_offset_ns = -9000000000000000000 WHERE session_id = 1')
  trace.db.exec('UPDATE clock_offset SET unix_offset_ns = 9000000000000000000 WHERE session_id = 2')
  const result = runQuery(heatmap, [trace.file], { session: 'all', exact: true })
  expect(rowObjects(result).map((row) => row.attempts)).toEqual([1, 1])
  for (const line of result.chart!(80)) expect(line.length).toBeLessThanOrEqual(80)
})
