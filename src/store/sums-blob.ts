import { encodeIds } from './id-list.js'
import type { LatencyRow } from './latency-sums.js'
import { OUTCOMES } from './outcome.js'
import { createVarintReader, pushVarint } from './varint.js'

/** Attempts per outcome, then SYN retransmits. */
const COUNTS = OUTCOMES.length + 1
const HAS_LATENCIES = 1 << COUNTS
const HAS_MEMBERS = 1 << (COUNTS + 1)

/** Sums of one endpoint, process or second in a window. The same object is passed for every one. */
export interface StoredSums {
  /** endpoint_id, process_id or Unix second */
  id: number
  /** Attempts per outcome, in the order of `OUTCOMES`, then SYN retransmits. */
  readonly counts: Float64Array
  /** of established attempts, like the buckets; `null` without any */
  maxLatencyNs: number | null
  /** As `encodeBuckets` gives it. */
  buckets: Uint8Array | null
  /** Of a process, as `encodeIds` gives it: the endpoints that it connected to. */
  endpointIds: Uint8Array | null
}

/**
 * Sums of a window as one blob. Of each, in ascending order of ids, as LEB128: the distance to the id before; a mask of
 * which counts are not 0, and whether latencies and endpoints follow; those counts; the maximum, and the length of the
 * buckets in bytes; the length of the ids in bytes.
 * @param ids of the entries of `rows`
 * @param membersOf ids of the endpoints of an entry
 */
export function encodeSums(
  rows: readonly LatencyRow[],
  ids: readonly number[],
  membersOf?: (entry: number) => readonly number[],
): Uint8Array {
  const chunks: Uint8Array[] = []
  let previous = 0
  const idOf = (row: LatencyRow) => ids[row.entry] as number
  for (const row of rows.toSorted((a, b) => idOf(a) - idOf(b))) {
    const members = membersOf ? encodeIds(membersOf(row.entry)) : null
    chunks.push(encodeHead(row, idOf(row) - previous, members !== null))
    if (row.buckets !== null) chunks.push(withLength(row.buckets))
    if (members !== null) chunks.push(withLength(members))
    previous = idOf(row)
  }
  return Buffer.concat(chunks)
}

function encodeHead({ counts, maxLatencyNs, buckets }: LatencyRow, distance: number, hasMembers: boolean): Uint8Array {
  let mask = (buckets === null ? 0 : HAS_LATENCIES) | (hasMembers ? HAS_MEMBERS : 0)
  counts.forEach((count, i) => (mask |= count > 0 ? 1 << i : 0))
  const bytes: number[] = []
  pushVarint(bytes, distance)
  pushVarint(bytes, mask)
  for (const count of counts) if (count > 0) pushVarint(bytes, count)
  if (buckets !== null) pushVarint(bytes, maxLatencyNs ?? 0)
  return Uint8Array.from(bytes)
}

function withLength(bytes: Uint8Array): Uint8Array {
  const length: number[] = []
  pushVarint(length, bytes.length)
  return Buffer.concat([Uint8Array.from(length), bytes])
}

/** Passes all sums of a blob. What a damaged file holds may be any numbers, but ends with the blob. */
export function forEachSums(blob: Uint8Array, take: (sums: StoredSums) => void): void {
  const sums: StoredSums = {
    id: 0,
    counts: new Float64Array(COUNTS),
    maxLatencyNs: null,
    buckets: null,
    endpointIds: null,
  }
  const { hasMore, next, bytes } = createVarintReader(blob)
  while (hasMore()) {
    sums.id += next()
    const mask = next()
    for (let i = 0; i < COUNTS; i++) sums.counts[i] = mask & (1 << i) ? next() : 0
    sums.maxLatencyNs = mask & HAS_LATENCIES ? next() : null
    sums.buckets = mask & HAS_LATENCIES ? bytes(next()) : null
    sums.endpointIds = mask & HAS_MEMBERS ? bytes(next()) : null
    take(sums)
  }
}
