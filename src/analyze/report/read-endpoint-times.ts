import { FAILED_OUTCOMES, OUTCOMES } from '../../attempt/outcome.js'
import { forEachSums } from '../../sums/sums-blob.js'
import { createAccumulator, type Accumulator, type GroupSums } from '../group/accumulator.js'
import { DIMENSIONS } from '../group/dimensions.js'
import { createKeyNumbers } from '../group/intern-keys.js'
import { readRanges } from '../group/read-sums.js'
import { readLastId, wantedIds } from '../group/stored-sums.js'
import { coveredOutcomes } from '../group/sum-up.js'
import type { Value } from '../result/result.js'
import { AT } from '../scan/attempt-columns.js'
import { scanBlocks } from '../scan/scan-rows.js'
import type { Scope } from '../scan/scope.js'
import { createWallClock } from '../scan/wall-clock.js'
import type { EndpointPlan, PartPlan } from './plan-endpoint-times.js'

/** Failed attempts with the same endpoint and outcome. */
export interface FailedOutcome {
  readonly key: readonly Value[]
  /** Its code */
  readonly outcome: number
  attempts: number
  /** Unix ns between which all of them began, rounded to a double; as exact as the stored sums are long */
  fromNs: number
  toNs: number
}

export interface EndpointTimes {
  /** Sums of the wanted endpoints, an interval after the other; `null` without an attempt */
  readonly sums: readonly (readonly (GroupSums | null)[])[]
  /** Of all endpoints, in no order */
  readonly failed: readonly FailedOutcome[]
  /** Time that the longest of the stored sums covers, in ns; 0 if all attempts were read one by one */
  readonly longestNs: number
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
    failed: [],
  }
  for (const part of plan.parts) {
    const numberOf = keys.of(part.part)
    addRanges(scope, plan, part, numberOf, reading)
    addRows(scope, plan, part, numberOf, reading)
  }
  const groups = reading.sums.finish()
  const isEmpty = (group: GroupSums | undefined) => group === undefined || group.counts.every((count) => count === 0)
  const sums = wanted.map((_, i) =>
    Array.from({ length: intervals }, (__, interval) => {
      const group = groups[i * intervals + interval]
      return isEmpty(group) ? null : (group as GroupSums)
    }),
  )
  const failed = reading.failed.flatMap((one, number) => {
    const [endpoint, outcome] = [Math.floor(number / OUTCOMES.length), number % OUTCOMES.length]
    return one === undefined ? [] : [{ ...one, key: keys.keyOf(endpoint), outcome }]
  })
  const lengths = plan.parts.flatMap(({ ranges }) => ranges.map(({ startNs, endNs }) => Number(endNs - startNs)))
  return { sums, failed, longestNs: lengths.reduce((a, b) => Math.max(a, b), 0) }
}

interface Reading {
  readonly sums: Accumulator
  /** -1 for an endpoint that is not wanted */
  groupOf(endpoint: number, interval: number): number
  /** By endpoint and outcome */
  readonly failed: (Omit<FailedOutcome, 'key' | 'outcome'> | undefined)[]
}

function addRanges(
  scope: Scope,
  plan: EndpointPlan,
  { part, ranges }: PartPlan,
  numberOf: (id: number) => number,
  { sums, groupOf, failed }: Reading,
): void {
  const ids = wantedIds(scope, part, 'endpoint')
  const lastId = readLastId(part, 'endpoint')
  let next = 0
  for (const { blob } of readRanges(part.trace, ranges, 'endpoint')) {
    const { startNs, endNs } = ranges[next++] as PartPlan['ranges'][number]
    const [fromNs, toNs] = [Number(startNs), Number(endNs)]
    const interval = plan.intervalAt((fromNs + toNs) / 2e9)
    // Parts of a plain array cost half as much as those of a Buffer.
    forEachSums(new Uint8Array(blob.buffer, blob.byteOffset, blob.byteLength), (row) => {
      if (ids !== null && !ids.has(row.id)) return
      // As in `readStoredSums`: a damaged file may have sums of tens of millions that are not there.
      const endpoint = numberOf(Math.min(row.id, lastId + 1))
      const group = groupOf(endpoint, interval)
      if (group >= 0) sums.addSums(group, row.counts, row.maxLatencyNs, row.buckets)
      for (const outcome of FAILED_CODES) {
        const count = row.counts[outcome] as number
        if (count > 0) addFailed(failed, endpoint * OUTCOMES.length + outcome, count, [fromNs, toNs])
      }
    })
  }
}

function addRows(
  scope: Scope,
  plan: EndpointPlan,
  { part, ids }: PartPlan,
  numberOf: (id: number) => number,
  { sums, groupOf, failed }: Reading,
): void {
  if (ids.length === 0) return
  const covered = coveredOutcomes(scope, DIMENSIONS.endpoint)
  const clock = createWallClock(part)
  const beginNs = Number(part.segments[0]?.unixOffsetNs ?? 0n)
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
          addFailed(failed, endpoint * OUTCOMES.length + outcome, 1, [startedNs, startedNs])
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
}

function addFailed(
  failed: Reading['failed'],
  number: number,
  attempts: number,
  [fromNs, toNs]: readonly [number, number],
): void {
  const known = failed[number]
  if (known === undefined) {
    failed[number] = { attempts, fromNs, toNs }
    return
  }
  known.attempts += attempts
  if (fromNs < known.fromNs) known.fromNs = fromNs
  if (toNs > known.toNs) known.toNs = toNs
}
