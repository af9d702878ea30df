import type { Database } from 'better-sqlite3'
import { BUCKET_COUNT, bucketOf, forEachBucket, percentileOf } from '../../store/latency-histogram.js'
import { OUTCOMES, type OutcomeCounts } from '../../store/outcome.js'
import { iterateTail, type TailAttempt } from './attempt-tail.js'
import { iterateRows, queries } from './query-builder.js'

/** All that is known of one endpoint's attempts without looking at each. */
export interface EndpointSums {
  readonly endpointId: number
  readonly counts: OutcomeCounts
  synRetransmits: number
  /** of established attempts */
  maxLatencyNs: number | null
  /** Established attempts per bucket of latency, those that occur. */
  readonly buckets: Map<number, number>
}

/** Sums of every endpoint over whole sessions, from the windows and the attempts after the last one. */
export function sumEndpoints(db: Database, sessionIds: readonly number[]): EndpointSums[] {
  const byEndpoint = new Map<number, EndpointSums>()
  const sumsOf = (endpointId: number) => {
    const known = byEndpoint.get(endpointId)
    if (known) return known
    const fresh = emptySums(endpointId)
    byEndpoint.set(endpointId, fresh)
    return fresh
  }
  for (const row of iterateRows(db, windowRows(sessionIds))) addWindow(sumsOf(row[0] as number), row)
  for (const id of sessionIds) {
    for (const attempt of iterateTail(db, id)) addAttempt(sumsOf(attempt.endpointId), attempt)
  }
  return [...byEndpoint.values()]
}

/** Reads percentiles of latency in ns, each `null` without an established attempt. */
export function createPercentileReader(): (sums: EndpointSums, percents: readonly number[]) => (number | null)[] {
  // One scratch histogram for all endpoints: there may be a million of them.
  const buckets = new Float64Array(BUCKET_COUNT)
  return (sums, percents) => {
    buckets.fill(0)
    for (const [bucket, count] of sums.buckets) buckets[bucket] = count
    return percents.map((percent) => percentileOf(buckets, percent, sums.maxLatencyNs ?? Infinity))
  }
}

function windowRows(sessionIds: readonly number[]) {
  return queries
    .selectFrom('latency_window as w')
    .innerJoin('endpoint_latency as e', 'e.window_id', 'w.window_id')
    .select(['e.endpoint_id', 'e.syn_retransmits', 'e.max_latency_ns', 'e.buckets'])
    .select(OUTCOMES.map((outcome) => `e.${outcome}` as const))
    .where('w.session_id', 'in', sessionIds)
}

function addWindow(sums: EndpointSums, row: unknown[]): void {
  const [, synRetransmits, max, buckets, ...counts] = row as [
    number,
    number,
    number | null,
    Uint8Array | null,
    ...number[],
  ]
  OUTCOMES.forEach((outcome, i) => (sums.counts[outcome] += counts[i] ?? 0))
  sums.synRetransmits += synRetransmits
  if (max !== null) sums.maxLatencyNs = Math.max(sums.maxLatencyNs ?? 0, max)
  if (buckets) forEachBucket(buckets, (bucket, count) => addBucket(sums, bucket, count))
}

function addAttempt(sums: EndpointSums, attempt: TailAttempt): void {
  const outcome = OUTCOMES[attempt.outcome]
  if (outcome === undefined) return
  sums.counts[outcome]++
  sums.synRetransmits += attempt.synRetransmits ?? 0
  if (outcome !== 'established' || attempt.latencyNs === null) return
  sums.maxLatencyNs = Math.max(sums.maxLatencyNs ?? 0, attempt.latencyNs)
  addBucket(sums, bucketOf(attempt.latencyNs), 1)
}

function addBucket(sums: EndpointSums, bucket: number, count: number): void {
  if (bucket < BUCKET_COUNT) sums.buckets.set(bucket, (sums.buckets.get(bucket) ?? 0) + count)
}

function emptySums(endpointId: number): EndpointSums {
  const counts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as OutcomeCounts
  return { endpointId, counts, synRetransmits: 0, maxLatencyNs: null, buckets: new Map() }
}
