import { describe, expect, test } from 'vitest'
import { diff } from '../../../../src/analyze/queries/diff/diff.js'
import type { RawScope } from '../../../../src/analyze/options/select-scope.js'
import { findColumn } from '../../../../src/analyze/result/find-column.js'
import type { QuerySettings } from '../../../../src/analyze/query/stored-query.js'
import { UsageError } from '../../../../src/base/errors.js'
import { withTraces } from '../../../../src/analyze/scan/trace.js'
import { exactPercentile, createRandom, randomInteger, randomNormal } from '../../../store/random.js'
import { queryTrace, type ConnectRow } from '../../../support/trace.js'
import { MAPPED_PREFIX, type EventFields } from '../../../record/make-events.js'
import { makeSampleTrace } from '../../sample-trace.js'

type Rows = Record<string, string | number | null>[]

/** The rows as objects by column, as in `analyze`. */
function runDiff(files: readonly string[], values: Record<string, unknown> = {}, raw = {}): Rows {
  const settings = { limit: Infinity, sort: null, width: 80, values } as unknown as QuerySettings
  return withTraces(diff.files!.paths(files), (traces) => {
    const { columns, rows } = diff.run(diff.files!.select(traces, files, { ...raw, ...values }), settings)
    return rows.map((row) => Object.fromEntries(row.map((value, i) => [columns[i]!.name, value]))) as Rows
  })
}

interface EndpointPlan {
  readonly port: number
  readonly attempts: number
  readonly failedShare: number
  readonly medianNs: number
}

const PLAN: readonly EndpointPlan[] = Array.from({ length: 25 }, (_, i) => ({
  port: 1000 + i,
  attempts: 20 + 12 * i,
  failedShare: i % 5 === 0 ? 0.1 : 0.01,
  medianNs: 100_000 * (i + 1),
}))

/** Attempts over 60 s in bursts of about `burst`, like connects of a pool or a cron job. */
function makeEvents(random: () => number, plan: readonly EndpointPlan[], burst: number): Partial<EventFields>[] {
  return plan.flatMap(({ port, attempts, failedShare, medianNs }) => {
    const mean = attempts / burst
    const bursts = Math.max(0, Math.round(mean + Math.sqrt(mean) * randomNormal(random)))
    return Array.from({ length: bursts }, () => {
      const at = randomInteger(random, 0, 59e9)
      const size = 1 + Math.floor(-Math.log(1 - random()) * burst)
      return Array.from({ length: burst === 1 ? 1 : size }, (__, i): Partial<EventFields> => {
        const hasFailed = random() < failedShare
        return {
          startedNs: BigInt(at + i * 1000),
          latencyNs: BigInt(Math.round(medianNs * Math.exp(0.6 * randomNormal(random)))),
          remoteAddress: `${MAPPED_PREFIX}0a000001`,
          remotePort: port,
          comm: `app-${port % 7}`,
          pid: 1000 + (port % 7),
          uid: port % 2 ? 33 : 1000,
          outcome: hasFailed ? 1 : 0,
          error: hasFailed ? 111 : 0,
        }
      })
    }).flat()
  })
}

function makePair(seed: number, after: readonly EndpointPlan[] = PLAN, burst = 1): string {
  const random = createRandom(seed)
  const session = (plan: readonly EndpointPlan[]) => ({ batches: [makeEvents(random, plan, burst)] })
  return makeSampleTrace(session(PLAN), session(after)).file
}

test('prints that nothing changed, unless there are no attempts', () => {
  const file = makeSampleTrace({ batches: [[{}, {}]] }, { batches: [[{}, {}]] }).file
  const whenEmpty = (raw: RawScope) =>
    withTraces([file], (traces) => {
      const settings = { limit: Infinity, sort: null, width: 80, values: {} }
      const { rows, whenEmpty: text } = diff.run(diff.files!.select(traces, [file], raw), settings)
      expect(rows).toEqual([])
      return text
    })
  expect(whenEmpty({})).toBe('nothing changed beyond noise')
  expect(whenEmpty({ comm: ['nobody'] })).toBe(undefined)
})

const SEEDS = 8

describe('without a change', () => {
  test.each([1, 6])('there are hardly any rows, also with bursts of %i', (burst) => {
    let [rows, tests] = [0, 0]
    for (let seed = 1; seed <= SEEDS; seed++) {
      const file = makePair(seed, PLAN, burst)
      rows += runDiff([file]).length
      tests += runDiff([file], { all: true }).length
    }
    expect(tests).toBeGreaterThan(SEEDS * 75)
    expect(rows).toBeLessThanOrEqual(SEEDS * 0.25)
  })

  test('p-values are distributed as expected', () => {
    const pValues = [1, 2, 3, 4, 5, 6].flatMap((seed) =>
      runDiff([makePair(seed)], { all: true }).map((row) => row.p_value as number),
    )
    const share = (limit: number) => pValues.filter((p) => p < limit).length / pValues.length
    expect(share(0.05)).toBeLessThan(0.07)
    expect(share(0.01)).toBeLessThan(0.02)
    expect(share(0.5)).toBeGreaterThan(0.25)
  })
})

describe('detects a change', () => {
  const changed = (port: number, change: Partial<EndpointPlan>) =>
    PLAN.map((endpoint) => (endpoint.port === port ? { ...endpoint, ...change } : endpoint))
  const rowsOf = (file: string, port: number) =>
    runDiff([file]).filter((row) => row.what === 'endpoint' && row.name === `10.0.0.1:${port}`)

  test.each([1, 6])('of the rate, with bursts of %i', (burst) => {
    const rows = rowsOf(makePair(1, changed(1020, { attempts: 1300 }), burst), 1020)
    expect(rows.map((row) => row.change)).toEqual(['rate'])
  })

  test('of the failures', () => {
    const rows = rowsOf(makePair(2, changed(1020, { failedShare: 0.4 })), 1020)
    expect(rows).toMatchObject([{ change: 'failures' }])
    expect(rows[0]!.failed_before_percent).toBeLessThan(15)
    expect(rows[0]!.failed_after_percent).toBeGreaterThan(30)
  })

  test('of the latency', () => {
    const rows = rowsOf(makePair(3, changed(1020, { medianNs: 4_000_000 })), 1020)
    expect(rows).toMatchObject([{ change: 'latency' }])
  })

  test('of a new and a vanished endpoint', () => {
    const after = [...changed(1020, { attempts: 0 }), { port: 7, attempts: 200, failedShare: 0, medianNs: 1e6 }]
    const file = makePair(4, after)
    expect(rowsOf(file, 1020)).toMatchObject([{ change: 'vanished', attempts_after: 0, p50_after_ns: null }])
    expect(rowsOf(file, 7)).toMatchObject([{ change: 'new', attempts_before: 0, p50_before_ns: null }])
  })

  test('but not a significant one that is too small', () => {
    const large = (medianNs: number) => [{ port: 1, attempts: 20_000, failedShare: 0.1, medianNs }]
    const random = createRandom(5)
    const session = (plan: readonly EndpointPlan[]) => ({ batches: [makeEvents(random, plan, 1)] })
    const { file } = makeSampleTrace(session(large(1e6)), session(large(1.05e6)))
    const all = runDiff([file], { all: true })
    expect(all.find((row) => row.what === 'endpoint' && row.change === 'latency')!.q_value).toBeLessThan(1e-4)
    expect(runDiff([file])).toEqual([])
  })
})

test('counts, rates and percentiles equal those of all rows', () => {
  const file = makePair(6)
  const connects = queryTrace<ConnectRow>(file, 'SELECT * FROM connects')
  const rows = runDiff([file], { all: true }, { exact: true })
  expect(rows.length).toBeGreaterThan(75)
  for (const row of rows) {
    for (const [side, sessionId] of [
      ['before', 1],
      ['after', 2],
    ] as const) {
      const mine = connects.filter((connect) => connect.session_id === sessionId && nameOf(connect, row) === row.name)
      const established = mine.filter((connect) => connect.outcome === 'established')
      const latencies = established.map((connect) => connect.latency_ns as number)
      expect(row[`attempts_${side}`]).toBe(mine.length)
      expect(row[`rate_${side}_per_second`]).toBeCloseTo(mine.length / 60)
      expect(row[`p50_${side}_ns`]).toBe(exactPercentile(latencies, 50))
      expect(row[`p99_${side}_ns`]).toBe(exactPercentile(latencies, 99))
      const failed = row[`failed_${side}_percent`]
      if (mine.length === 0) expect(failed).toBeNull()
      else expect(failed).toBeCloseTo((1 - established.length / mine.length) * 100)
    }
  }
})

function nameOf(connect: ConnectRow, { what }: Rows[number]): string {
  if (what === 'user') return connect.user ?? String(connect.uid)
  return what === 'comm' ? connect.comm : `${connect.remote_address}:${connect.remote_port}`
}

describe('compares', () => {
  const one = (port: number) => ({ batches: [[{ remotePort: port }]] })
  const changes = (files: readonly string[], values = {}, raw = {}) =>
    Object.fromEntries(
      runDiff(files, { all: true, ...values }, raw)
        .filter((row) => row.what === 'endpoint')
        .map((row) => [row.name, row.change]),
    )

  test('the last two sessions of one file, or the named sessions', () => {
    const { file } = makeSampleTrace(one(1), one(2), one(3))
    expect(changes([file])).toEqual({ '127.0.0.1:2': 'vanished', '127.0.0.1:3': 'new' })
    expect(changes([`${file}@2`])).toEqual({ '127.0.0.1:1': 'vanished', '127.0.0.1:2': 'new' })
    expect(changes([`${file}@3`, `${file}@1`])).toEqual({ '127.0.0.1:3': 'vanished', '127.0.0.1:1': 'new' })
  })

  test('two files: the newest session of each', () => {
    const [a, b] = [makeSampleTrace(one(1), one(2)).file, makeSampleTrace(one(3)).file]
    expect(changes([a, b])).toEqual({ '127.0.0.1:2': 'vanished', '127.0.0.1:3': 'new' })
    expect(changes([`${a}@all`, b])).toMatchObject({ '127.0.0.1:1': 'vanished', '127.0.0.1:2': 'vanished' })
  })

  test('the two halves of a session', () => {
    const events = [
      { startedNs: 1_000_000_000n, remotePort: 1 },
      { startedNs: 40_000_000_000n, remotePort: 2 },
    ]
    const { file } = makeSampleTrace({ batches: [events] })
    expect(changes([file], { at: '+30s' })).toEqual({ '127.0.0.1:1': 'vanished', '127.0.0.1:2': 'new' })
  })

  test.each([
    ['a single session', (file: string) => [file], {}, /no session before/],
    ['three files', (file: string) => [file, file, file], {}, /two files/],
    ['a session that does not exist', (file: string) => [file, `${file}@7`], {}, /7/],
    ['halves of two files', (file: string) => [file, file], { at: '+1s' }, /one file/],
    ['--session', (file: string) => [file], { session: '1' }, /@1/],
  ])('refuses %s', (_, files, raw, message) => {
    const { file } = makeSampleTrace(one(1))
    try {
      runDiff(files(file), {}, raw)
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError)
      return expect(`${(error as UsageError).message} ${(error as UsageError).reason}`).toMatch(message)
    }
    throw new Error('nothing was thrown')
  })
})

test.each(['rate_after', 'failed_before', 'p99_after', 'RATE AFTER'])(
  '--sort %s accepts the name without its unit',
  (text) => {
    expect(findColumn(diff.columns, text)?.name).toMatch(/_(per_second|percent|ns)$/)
  },
)
