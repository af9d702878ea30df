import { describe, expect, test } from 'vitest'
import { churn } from '../../../../src/analyze/queries/churn/churn.js'
import { UsageError } from '../../../../src/base/errors.js'
import type { EventFields } from '../../../record/make-events.js'
import { createRandom, exactPercentile } from '../../../store/random.js'
import { countFailed, rowObjects, runQuery, type Connect, type RowObject } from '../../query-rows.js'
import { makeSampleTrace } from '../../sample-trace.js'
import { SCOPE_CASES, connectsOfCase, groupRows, makeOtherHost, makeTwoSessions } from '../../scope-cases.js'
import { variedEvents } from '../../varied-events.js'

const pairOf = (row: Readonly<Record<string, unknown>>) =>
  [row.pid, row.process_start_ns, row.remote_address, row.remote_port].join(' ')

function startsOf(rows: readonly Connect[]): bigint[] {
  return rows.map((row) => row.started_ns).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}

function expectNaive(row: RowObject, rows: readonly Connect[]): void {
  const starts = startsOf(rows)
  const gaps = starts.slice(1).map((start, i) => Number(start - starts[i]!))
  const spanNs = Number(starts.at(-1)! - starts[0]!)
  expect(row.attempts).toBe(rows.length)
  expect(row.failed_percent).toBeCloseTo((countFailed(rows) / rows.length) * 100)
  expect(row.median_gap_ns).toBe(exactPercentile(gaps, 50))
  expect(row.rate_per_second).toBeCloseTo((rows.length - 1) / (spanNs / 1e9), 9)
}

describe.each([2, 10])('pairs with at least %i attempts', (minAttempts) => {
  const values = { minAttempts: String(minAttempts) }

  test.each(SCOPE_CASES)('every number equals that of all rows: $name', (scopeCase) => {
    const trace = makeTwoSessions(10)
    const groups = groupRows(connectsOfCase([trace], scopeCase), pairOf)
    const naive = new Map([...groups].filter(([, rows]) => rows.length >= minAttempts))
    const found = rowObjects(runQuery(churn, [trace.file], scopeCase.raw, { values }))
    expect(found.map(pairOf).toSorted()).toEqual([...naive.keys()].toSorted())
    for (const row of found) expectNaive(row, naive.get(pairOf(row))!)
    const order = found.map((row) => row.attempts as number)
    expect(order).toEqual(order.toSorted((a, b) => b - a))
  })
})

test('the limit and --sort select from the same rows', () => {
  const { file } = makeTwoSessions(11)
  const all = rowObjects(runQuery(churn, [file], { session: 'all' }))
  expect(all.length).toBeGreaterThan(20)
  const limited = runQuery(churn, [file], { session: 'all' }, { limit: 3 })
  expect(rowObjects(limited)).toEqual(all.slice(0, 3))
  expect(limited.hiddenRows).toBe(all.length - 3)
  const byGap = rowObjects(runQuery(churn, [file], { session: 'all' }, { limit: 3, sort: 'median_gap_ns' }))
  const gaps = all.map((row) => row.median_gap_ns as number).toSorted((a, b) => b - a)
  expect(byGap.map((row) => row.median_gap_ns)).toEqual(gaps.slice(0, 3))
})

test('processes of two hosts are different, even with the same pid', () => {
  const [one, other] = [makeTwoSessions(12), makeOtherHost(12)]
  const count = rowObjects(runQuery(churn, [one.file]))
  expect(rowObjects(runQuery(churn, [one.file, other.file]))).toHaveLength(count.length * 2)
})

test('attempts of one process in two sessions are one pair', () => {
  const events = variedEvents(createRandom(2), 40).map((event) => ({
    ...event,
    pid: 7,
    processStartNs: 1n,
    remotePort: 80,
  }))
  const same = events.map((event) => ({ ...event, remoteAddress: '00000000000000000000ffff0a000001', family: 4 }))
  const trace = makeSampleTrace({ batches: [same.slice(0, 20)] }, { batches: [same.slice(20)] })
  const rows = connectsOfCase([trace], { name: '', raw: {}, where: '1' })
  const found = rowObjects(runQuery(churn, [trace.file], { session: 'all' }))
  expect(found).toHaveLength(1)
  expectNaive(found[0]!, rows)
})

test('gaps are measured on the wall clock, which may be set during the recording', () => {
  const events = Array.from({ length: 12 }, (_, i) => ({ startedNs: BigInt(i * i) * 10n ** 8n }))
  const trace = makeSampleTrace({ batches: [events] })
  trace.db.exec(`INSERT INTO clock_offset SELECT session_id, 5000000000, unix_offset_ns - 2000000001 FROM clock_offset`)
  const rows = connectsOfCase([trace], { name: '', raw: {}, where: '1' })
  expectNaive(rowObjects(runQuery(churn, [trace.file]))[0]!, rows)
})

describe('the hint', () => {
  const hintOf = (events: readonly Partial<EventFields>[]) => {
    const { file } = makeSampleTrace({ batches: [events] })
    return rowObjects(runQuery(churn, [file])).map((row) => row.hint)
  }
  const every = (seconds: number, change = {}) =>
    Array.from({ length: 10 }, (_, i) => ({ startedNs: BigInt(i * seconds) * 10n ** 9n, ...change }))

  test('is pool if connections follow each other within a minute', () => {
    expect(hintOf(every(60))).toEqual(['pool'])
    expect(hintOf(every(61))).toEqual([null])
  })

  test('is retry if most attempts fail', () => {
    expect(hintOf(every(1, { outcome: 1, error: 111 }))).toEqual(['retry'])
  })
})

test('pairs with fewer attempts than --min-attempts are left out', () => {
  const { file } = makeSampleTrace({ batches: [Array.from({ length: 9 }, () => ({}))] })
  expect(runQuery(churn, [file])).toMatchObject({ rows: [], whenEmpty: 'no pair has 10 attempts or more' })
  const [row] = rowObjects(runQuery(churn, [file], {}, { values: { minAttempts: '9' } }))
  // All of them began at the same moment.
  expect(row).toMatchObject({ attempts: 9, median_gap_ns: 0, rate_per_second: null })
})

test.each(['1', '0', 'x', '-2', ''])('--min-attempts %j is refused', (minAttempts) => {
  const { file } = makeSampleTrace({ batches: [] })
  expect(() => runQuery(churn, [file], {}, { values: { minAttempts } })).toThrow(UsageError)
})
