import type { Database } from 'better-sqlite3'
import { bucketOf } from '../../../src/sums/latency-histogram.js'
import { OUTCOMES } from '../../../src/attempt/outcome.js'
import { decodeBuckets } from '../../store/decode-blobs.js'
import { expandSums } from '../../store/expand-sums.js'

/** Sums of one endpoint: attempts by outcome, SYN retransmits, highest latency, count by bucket. */
export interface EndpointSums {
  readonly counts: number[]
  synRetransmits: number
  maxLatencyNs: number | null
  readonly buckets: Map<number, number>
}

type ByEndpoint = Map<number, EndpointSums>

/** Sums over the rows of a session. */
export function readRowSums(db: Database, sessionId: number): ByEndpoint {
  const sums: ByEndpoint = new Map()
  addRows(sums, db, sessionId, 0)
  return sorted(sums)
}

/** Sums over the windows of a session, and over the rows after the last window. */
export function readWindowSums(db: Database, sessionId: number): ByEndpoint {
  expandSums(db)
  const sums: ByEndpoint = new Map()
  const rows = db.prepare(
    'SELECT e.* FROM endpoint_latency e JOIN latency_window USING (window_id) WHERE session_id = ?',
  )
  for (const row of rows.all(sessionId) as Record<string, unknown>[]) {
    const one = sumsOf(sums, row.endpoint_id as number)
    OUTCOMES.forEach((name, outcome) => (one.counts[outcome]! += row[name] as number))
    one.synRetransmits += row.syn_retransmits as number
    if (row.max_latency_ns !== null) one.maxLatencyNs = Math.max(one.maxLatencyNs ?? 0, row.max_latency_ns as number)
    if (row.buckets) addBuckets(one.buckets, row.buckets as Uint8Array)
  }
  const last = db.prepare('SELECT ifnull(max(last_attempt_id), 0) FROM latency_window WHERE session_id = ?')
  addRows(sums, db, sessionId, last.pluck().get(sessionId) as number)
  return sorted(sums)
}

function addRows(sums: ByEndpoint, db: Database, sessionId: number, afterId: number): void {
  const rows = db.prepare(`SELECT endpoint_id, outcome, syn_retransmits, latency_ns FROM connect_attempt
    WHERE session_id = ? AND attempt_id > ?`)
  for (const row of rows.raw().all(sessionId, afterId) as [number, number, number, number | null][]) {
    const [endpointId, outcome, synRetransmits, latencyNs] = row
    const one = sumsOf(sums, endpointId)
    one.counts[outcome]!++
    one.synRetransmits += synRetransmits
    if (outcome !== 0 || latencyNs === null) continue
    one.maxLatencyNs = Math.max(one.maxLatencyNs ?? 0, latencyNs)
    one.buckets.set(bucketOf(latencyNs), (one.buckets.get(bucketOf(latencyNs)) ?? 0) + 1)
  }
}

function addBuckets(buckets: Map<number, number>, encoded: Uint8Array): void {
  for (const [bucket, count] of decodeBuckets(encoded)) buckets.set(bucket, (buckets.get(bucket) ?? 0) + count)
}

function sumsOf(sums: ByEndpoint, endpointId: number): EndpointSums {
  const one = sums.get(endpointId) ?? {
    counts: OUTCOMES.map(() => 0),
    synRetransmits: 0,
    maxLatencyNs: null,
    buckets: new Map(),
  }
  sums.set(endpointId, one)
  return one
}

function sorted(sums: ByEndpoint): ByEndpoint {
  return new Map([...sums].toSorted(([a], [b]) => a - b))
}
