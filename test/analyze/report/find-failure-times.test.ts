import { statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { failures } from '../../../src/analyze/queries/failures/failures.js'
import { findFailureTimes } from '../../../src/analyze/report/find-failure-times.js'
import { planEndpointTimes } from '../../../src/analyze/report/plan-endpoint-times.js'
import { readEndpointTimes, type FailedOutcome } from '../../../src/analyze/report/read-endpoint-times.js'
import type { RawScope } from '../../../src/analyze/options/select-scope.js'
import { OUTCOMES } from '../../../src/attempt/outcome.js'
import { MAPPED_PREFIX, type EventFields } from '../../record/make-events.js'
import { STARTED_UNIX_NS } from '../../record/new-trace.js'
import { createRandom, randomInteger } from '../../store/random.js'
import { countReadBytes, countStatements } from '../../support/count-work.js'
import { inScope } from '../in-scope.js'
import { makeSampleTrace, type SessionParts } from '../sample-trace.js'

const ALL = { limit: Infinity, sort: null, width: 80, values: {} }
const MINUTE_NS = 60e9
const ENDPOINTS = 12
const ERRNO: Readonly<Record<string, number>> = { refused: 111, timed_out: 110 }
/** Batches per window */
const BATCHES = 4

interface Load {
  readonly windows: number
  readonly perWindow: number
  readonly seed: number
  /** Share of attempts that fail, and of those that take up to five minutes */
  readonly failing: number
  readonly long: number
}

/** Attempts in the order of their ends, as a recorder gets them. Some failures are frequent; some happen once. */
function makeSession({ windows, perWindow, seed, failing, long }: Load): SessionParts {
  const random = createRandom(seed)
  const events = Array.from({ length: windows * perWindow }, (_, i): Partial<EventFields> => {
    const endNs = Math.floor((i / perWindow) * MINUTE_NS)
    const endpoint = Math.min(randomInteger(random, 0, ENDPOINTS), randomInteger(random, 0, ENDPOINTS * 4))
    const isOnce = i % (perWindow * 7) === 13
    const outcome = isOnce || random() < failing ? (random() < 0.7 ? 'refused' : 'timed_out') : 'established'
    const latencyNs = Math.floor(Math.min(endNs, random() * (random() < long ? 5 * MINUTE_NS : 1e6)))
    return {
      startedNs: BigInt(endNs - latencyNs),
      latencyNs: BigInt(latencyNs),
      outcome: OUTCOMES.indexOf(outcome),
      error: ERRNO[outcome] ?? 0,
      remoteAddress: `${MAPPED_PREFIX}c00002${endpoint.toString(16).padStart(2, '0')}`,
      remotePort: isOnce ? 1000 + Math.floor(i / perWindow) : 443,
    }
  })
  const step = Math.ceil(perWindow / BATCHES)
  const batches = Array.from({ length: windows }, (_, window) => {
    const own = events.slice(window * perWindow, (window + 1) * perWindow)
    return [...Array.from({ length: BATCHES }, (__, at) => own.slice(at * step, (at + 1) * step)), null]
  })
  // The last attempts are in no window. Empty batches: a recorder rolls windows up in its idle time.
  const tail = events.slice(-5).map((event) => ({ ...event, startedNs: BigInt(windows * MINUTE_NS) }))
  return { batches: [...batches.flat(), ...Array.from({ length: windows / 4 }, () => []), tail], goodbye: false }
}

type Times = Readonly<Record<string, readonly [bigint, bigint]>>
const name = (key: readonly unknown[], outcome: unknown) => [...key, outcome].join(' ')

/** As a scan of all attempts finds them. */
function scanTimes(file: string, raw: RawScope): Times {
  const { columns, rows } = inScope([file], raw, (scope) => failures.run(scope, ALL))
  const at = (column: string) => columns.findIndex((one) => one.name === column)
  return Object.fromEntries(
    rows.map((row) => [
      name([row[0], row[1]], row[at('outcome')]),
      [row[at('first_seen_ns')] as bigint, row[at('last_seen_ns')] as bigint],
    ]),
  )
}

/** As they are found with stored sums, and how many bytes were read for that. */
function findTimes(file: string, raw: RawScope): { times: Times; ranges: number; bytes: number } {
  return inScope([file], raw, (scope) => {
    const plan = planEndpointTimes(scope, false)
    const read = readEndpointTimes(scope, plan, [])
    let found: ReturnType<typeof findFailureTimes> = []
    const bytes = countReadBytes(() => (found = findFailureTimes(scope, plan, read, read.failed)))
    const times = read.failed.map((one: FailedOutcome, i) => {
      return [name(one.key, one.outcome), [found[i]?.firstNs, found[i]?.lastNs]] as const
    })
    const ranges = plan.parts.reduce((sum, part) => sum + part.ranges.length, 0)
    return { times: Object.fromEntries(times) as Times, ranges, bytes }
  })
}

const SHORT = { windows: 40, perWindow: 120, seed: 1, failing: 0.05, long: 0 }
const LONG = { windows: 40, perWindow: 120, seed: 2, failing: 0.1, long: 0.2 }
const MANY = { windows: 560, perWindow: 12, seed: 3, failing: 0.02, long: 0.05 }

test.each([
  ['attempts that end soon', [SHORT], {}, 40],
  ['attempts that began windows before they ended', [LONG], {}, 40],
  ['several sessions', [LONG, SHORT, LONG], { session: 'all' }, 120],
  ['a part of the time', [LONG], { since: '+7m', until: '+20m' }, 8],
  ['one port', [LONG], { port: ['443'] }, 40],
  ['roll-ups', [MANY], {}, 35],
] as const)('the first and the last start of failures are those of a scan: %s', (_, loads, raw, ranges) => {
  const { file, db } = makeSampleTrace(...loads.map(makeSession))
  db.pragma('journal_mode = DELETE')
  const expected = scanTimes(file, raw as unknown as RawScope)
  const found = findTimes(file, raw as unknown as RawScope)
  expect(Object.keys(expected).length).toBeGreaterThan(10)
  expect(found.times).toEqual(expected)
  expect(found.ranges).toBe(ranges)
})

test('the clock may go back and forth between them', () => {
  const { file, db } = makeSampleTrace(makeSession(LONG))
  for (const [minute, shift] of [
    [4, 3_600_000_000_001n],
    [9, -7_200_000_000_003n],
    [11, 5n],
    [30, -600_000_000_000n],
  ] as const) {
    db.exec(`INSERT INTO clock_offset VALUES (1, ${minute * MINUTE_NS}, ${STARTED_UNIX_NS + shift})`)
  }
  const expected = scanTimes(file, {})
  const [first] = Object.values(expected).toSorted(([a], [b]) => Number(a - b))
  expect(first?.[0]).toBeLessThan(STARTED_UNIX_NS)
  expect(findTimes(file, {}).times).toEqual(expected)
})

test('a trace that is being recorded is searched too', () => {
  const { file } = makeSampleTrace(makeSession(LONG))
  expect(findTimes(file, {}).times).toEqual(scanTimes(file, {}))
})

test('few of the attempts are read', () => {
  const load = { windows: 5, perWindow: 36_000, seed: 4, failing: 0.05, long: 0 }
  const { file, db } = makeSampleTrace(makeSession(load))
  db.pragma('journal_mode = DELETE')
  const { times, bytes } = findTimes(file, { port: ['443'] } as unknown as RawScope)
  expect(Object.keys(times)).toHaveLength(2 * (ENDPOINTS + 1))
  expect(bytes).toBeGreaterThan(0)
  expect(bytes).toBeLessThan(statSync(file).size / 3)
})

test('failures whose attempts are missing have no time, and are not searched for in other windows', () => {
  const load = { ...SHORT, perWindow: 1000, windows: 60 }
  const { file, db } = makeSampleTrace(makeSession(load))
  db.exec('DELETE FROM connect_attempt WHERE attempt_id <= (SELECT max(last_attempt_id) FROM latency_window)')
  const statements = countStatements()
  const { times } = findTimes(file, {})
  const missing = Object.values(times).filter(([first, last]) => first === null && last === null)
  expect(missing.length).toBeGreaterThan(10)
  // In both directions the first window, and those of failures that happened once; before that, one reading of all batches.
  const searched = statements.executions(/from "batch"/) - 1
  expect(searched).toBeGreaterThan(2)
  expect(searched).toBeLessThan(load.windows)
})
