import { FAILED_OUTCOMES, OUTCOMES, type Outcome } from '../../attempt/outcome.js'
import { forEachSums } from '../../sums/sums-blob.js'
import { createAccumulator, type Accumulator, type GroupSums } from '../group/accumulator.js'
import { DIMENSIONS } from '../group/dimensions.js'
import { createKeyNumbers } from '../group/intern-keys.js'
import { readRanges } from '../group/read-sums.js'
import { readLastId, wantedIds } from '../group/stored-sums.js'
import { coveredOutcomes } from '../group/sum-up.js'
import { createFailureSpans, widenTimes } from '../queries/failures/failure-spans.js'
import type { Value } from '../result/result.js'
import { AT } from '../scan/attempt-columns.js'
import { scanBlocks } from '../scan/scan-rows.js'
import type { Scope, SessionPart } from '../scan/scope.js'
import { createWallClock } from '../scan/wall-clock.js'
import type { EndpointPlan, PartPlan } from './plan-endpoint-times.js'

/** Failed attempts with the same endpoint and outcome. */
export interface FailedOutcome extends Readonly<FailureTally> {
  /** Number of the endpoint times the number of outcomes, plus the code of the outcome */
  readonly number: number
  readonly key: readonly Value[]
  readonly outcome: Outcome
}

interface FailureTally {
  attempts: number
  /** Unix ns of the first and the last start of those that were read one by one; `null` without any */
  firstNs: bigint | null
  lastNs: bigint | null
  /** A bit for each stored sum of the plan that has some of them, lowest bit of the first byte first */
  readonly inRanges: Uint8Array
}

export interface EndpointTimes {
  /** Sums of the wanted endpoints, an interval after the other; `null` without an attempt */
  readonly sums: readonly (readonly (GroupSums | null)[])[]
  /** Of all endpoints, in no order */
  readonly failed: readonly FailedOutcome[]
  /** The number of an endpoint by its id in a part */
  readonly numbers: ReadonlyMap<SessionPart, (endpointId: number) => number>
}

const FAILED_CODES = FAILED_OUTCOMES.map((outcome) => OUTCOMES.indexOf(outcome))

/** Reads a scope once by endpoint and time. @param wanted the keys of the endpoints whose sums are of interest */
export function readEndpointTimes(
  scope: Scope,
  plan: EndpointPlan,
  wanted: readonly (readonly Value[])[],
): EndpointTimes {
  const keys = createKeyNumbers(DIMENSIONS.endpoint)
  const intervals = plan.times.starts.length
  const position = new Map(wanted.map((key, i) => [JSON.stringify(key.map(String)), i]))
  const positions: number[] = []
  const positionOf = (endpoint: number) =>
    (positions[endpoint] ??= position.get(JSON.stringify(keys.keyOf(endpoint).map(String))) ?? -1)
  const reading: Reading = {
    sums: createAccumulator(false),
    groupOf: (endpoint, interval) => (positionOf(endpoint) < 0 ? -1 : positionOf(endpoint) * intervals + interval),
    failed: createFailed(plan.parts.reduce((sum, { ranges }) => sum + ranges.length, 0)),
  }
  const numbers = new Map<SessionPart, (endpointId: number) => number>()
  let rangesBefore = 0
  for (const part of plan.parts) {
    const numberOf = keys.of(part.part)
    numbers.set(part.part, numberOf)
    addRanges(scope, plan, { ...part, rangesBefore, numberOf }, reading)
    addRows(scope, plan, { ...part, numberOf }, reading)
    rangesBefore += part.ranges.length
  }
  const groups = reading.sums.finish()
  const isEmpty = (group: GroupSums | undefined) => group === undefined || group.counts.every((count) => count === 0)
  const sums = wanted.map((_, i) =>
    Array.from({ length: intervals }, (__, interval) => {
      const group = groups[i * intervals + interval]
      return isEmpty(group) ? null : (group as GroupSums)
    }),
  )
  const failed = reading.failed.all.flatMap((one, number): FailedOutcome[] => {
    const [endpoint, code] = [Math.floor(number / OUTCOMES.length), number % OUTCOMES.length]
    return one === undefined ? [] : [{ ...one, number, key: keys.keyOf(endpoint), outcome: OUTCOMES[code] as Outcome }]
  })
  return { sums, failed, numbers }
}

/** Whether a failure has attempts in a stored sum. @param range its position among those of all parts of the plan */
export function isInRange({ inRanges }: FailedOutcome, range: number): boolean {
  return (((inRanges[range >> 3] ?? 0) >> (range & 7)) & 1) === 1
}

/** Failures by endpoint and outcome. */
interface Failed {
  readonly all: readonly (FailureTally | undefined)[]
  /** The tally of a number of `FailedOutcome` */
  at(number: number): FailureTally
}

/** @param rangeCount stored sums of the plan */
function createFailed(rangeCount: number): Failed {
  const all: (FailureTally | undefined)[] = []
  const bytes = Math.ceil(rangeCount / 8)
  return {
    all,
    at: (number) => (all[number] ??= { attempts: 0, firstNs: null, lastNs: null, inRanges: new Uint8Array(bytes) }),
  }
}

interface Reading {
  readonly sums: Accumulator
  /** -1 for an endpoint that is not wanted */
  groupOf(endpoint: number, interval: number): number
  readonly failed: Failed
}

/** A part, and the number of an endpoint by its id in it. */
interface NumberedPart extends PartPlan {
  readonly numberOf: (endpointId: number) => number
}

function addRanges(
  scope: Scope,
  plan: EndpointPlan,
  { part, ranges, rangesBefore, numberOf }: NumberedPart & { readonly rangesBefore: number },
  { sums, groupOf, failed }: Reading,
): void {
  const ids = wantedIds(scope, part, 'endpoint')
  const lastId = readLastId(part, 'endpoint')
  let next = 0
  for (const { blob } of readRanges(part.trace, ranges, 'endpoint')) {
    const { startNs, endNs } = ranges[next] as PartPlan['ranges'][number]
    const range = rangesBefore + next++
    const interval = plan.intervalAt((Number(startNs) + Number(endNs)) / 2e9)
    // Parts of a plain array cost half as much as those of a Buffer.
    forEachSums(new Uint8Array(blob.buffer, blob.byteOffset, blob.byteLength), (row) => {
      if (ids !== null && !ids.has(row.id)) return
      // As in `readStoredSums`: a damaged file may have sums of tens of millions that are not there.
      const endpoint = numberOf(Math.min(row.id, lastId + 1))
      const group = groupOf(endpoint, interval)
      if (group >= 0) sums.addSums(group, row.counts, row.maxLatencyNs, row.buckets)
      for (const outcome of FAILED_CODES) {
        const count = row.counts[outcome] as number
        if (count === 0) continue
        const tally = failed.at(endpoint * OUTCOMES.length + outcome)
        tally.attempts += count
        tally.inRanges[range >> 3]! |= 1 << (range & 7)
      }
    })
  }
}

function addRows(
  scope: Scope,
  plan: EndpointPlan,
  { part, ids, numberOf }: NumberedPart,
  { sums, groupOf, failed }: Reading,
): void {
  if (ids.length === 0) return
  const covered = coveredOutcomes(scope, DIMENSIONS.endpoint)
  const clock = createWallClock(part)
  const beginNs = Number(part.segments[0]?.unixOffsetNs ?? 0n)
  const spans = createFailureSpans(part)
  scanBlocks(
    scope,
    part,
    ids,
    ['endpoint_id', 'started_ns', 'outcome', 'syn_retransmits', 'latency_ns'],
    ({ columns, count }) => {
      const [endpoints, starts] = [columns[AT.endpoint_id] as Float64Array, columns[AT.started_ns] as Float64Array]
      const outcomes = columns[AT.outcome] as Float64Array
      const [retransmits, latencies] = [columns[AT.syn_retransmits], columns[AT.latency_ns]] as [
        Float64Array,
        Float64Array,
      ]
      const rows = { entries: new Int32Array(count), outcomes, synRetransmits: retransmits, latencies, count: 0 }
      for (let i = 0; i < count; i++) {
        const endpoint = numberOf(endpoints[i] as number)
        const startedNs = beginNs + clock.relativeNs(starts[i] as number)
        const outcome = (outcomes[i] as number) & 7
        if (FAILED_CODES.includes(outcome)) {
          const number = endpoint * OUTCOMES.length + outcome
          failed.at(number).attempts++
          spans.note(number, starts[i] as number)
        }
        const group = groupOf(endpoint, plan.intervalAt(startedNs / 1e9))
        if (group < 0) continue
        // The block is void afterwards: rows that are wanted move to its beginning.
        rows.entries[rows.count] = group
        outcomes[rows.count] = outcomes[i] as number
        retransmits[rows.count] = retransmits[i] as number
        latencies[rows.count] = covered[outcome] ? (latencies[i] as number) : -1
        rows.count++
      }
      sums.addAttempts(rows)
    },
  )
  spans.forEach((number, firstNs, lastNs) => widenTimes(failed.at(number), firstNs, lastNs))
}
