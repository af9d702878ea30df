import { mergeBuckets } from '../../sums/latency-histogram.js'
import { createLatencySums, type SummedColumns } from '../../sums/latency-sums.js'
import { OUTCOMES } from '../../attempt/outcome.js'
import { createPairSet } from '../../sums/pair-set.js'
import type { Latencies } from './latencies.js'
import { createValueLists } from './value-lists.js'

/** Blobs of one group that are kept before they are added up: bounds the memory of long recordings. */
const MAX_BLOBS = 64
/** Latencies that are kept until they are sorted: 16 MiB. */
const LOG_LENGTH = 1 << 21
const RETRANSMITS = OUTCOMES.length

/** Sums of one group of attempts. */
export interface GroupSums {
  /** By outcome, in the order of `OUTCOMES`, then SYN retransmits. */
  readonly counts: Float64Array
  readonly latencies: Latencies
  /** The lowest latency of the attempts that were read one by one, in ns; stored sums have no lowest one. */
  readonly lowestReadNs: number | null
  /** Different ones that were noted. */
  readonly processes: number
  readonly endpoints: number
}

/** Sums up by group number: 0, 1, 2 … in any order. */
export interface Accumulator {
  /** Adds sums that are stored. */
  addSums(group: number, counts: ArrayLike<number>, maxLatencyNs: number | null, buckets: Uint8Array | null): void
  /** Adds attempts; entries are group numbers. */
  addAttempts(attempts: SummedColumns): void
  /** Note a process or an endpoint of a group by its number, below 2^26; the same one counts once. */
  addProcess(group: number, process: number): void
  addEndpoint(group: number, endpoint: number): void
  /** The sums of each group up to the highest number; the accumulator is of no use afterwards. */
  finish(): GroupSums[]
}

/** @param isExact keeps every latency instead of a histogram */
export function createAccumulator(isExact: boolean): Accumulator {
  const attempts = createLatencySums(LOG_LENGTH)
  const values = createValueLists()
  const processes = createPairSet()
  const endpoints = createPairSet()
  const counts: Float64Array[] = []
  const blobs: Uint8Array[][] = []
  const maxima: (number | null)[] = []
  const minima: number[] = []

  const groupAt = (group: number): Float64Array => {
    while (counts.length <= group) {
      counts.push(new Float64Array(OUTCOMES.length + 1))
      blobs.push([])
      maxima.push(null)
    }
    return counts[group] as Float64Array
  }
  const addSums: Accumulator['addSums'] = (group, added, maxLatencyNs, buckets) => {
    const sums = groupAt(group)
    for (let i = 0; i <= RETRANSMITS; i++) sums[i]! += added[i] as number
    if (maxLatencyNs !== null) maxima[group] = Math.max(maxima[group] ?? 0, maxLatencyNs)
    const kept = blobs[group] as Uint8Array[]
    if (buckets !== null && kept.push(buckets) > MAX_BLOBS) blobs[group] = [mergeBuckets(kept)]
  }
  return {
    addSums,
    addAttempts(added) {
      attempts.addAll(added, !isExact)
      noteLowest(added, minima)
      if (isExact) values.addAll(added.entries, added.latencies, added.count)
    },
    addProcess: processes.add,
    addEndpoint: endpoints.add,
    finish() {
      for (const row of attempts.take()) addSums(row.entry, row.counts, row.maxLatencyNs, row.buckets)
      const lists = isExact ? values.take(counts.length) : []
      const processesOf = processes.take()
      const endpointsOf = endpoints.take()
      return counts.map((sums, group) => {
        const exact = lists[group]
        const maxNs = exact ? exact.max : (maxima[group] as number | null)
        const latencies = { buckets: blobs[group] as Uint8Array[], values: exact ?? null, maxNs }
        return {
          counts: sums,
          latencies,
          lowestReadNs: minima[group] ?? null,
          processes: processesOf.get(group)?.length ?? 0,
          endpoints: endpointsOf.get(group)?.length ?? 0,
        }
      })
    },
  }
}

/** @param minima by group, in ns; none without a latency */
function noteLowest({ count, entries, latencies }: SummedColumns, minima: number[]): void {
  for (let i = 0; i < count; i++) {
    const latencyNs = latencies[i] as number
    if (!(latencyNs >= 0)) continue
    const known = minima[entries[i] as number]
    if (known === undefined || latencyNs < known) minima[entries[i] as number] = latencyNs
  }
}
