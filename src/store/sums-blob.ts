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
  readonly counts: ArrayLike<number>
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
  const encoder = createSumsEncoder()
  const idOf = (row: LatencyRow) => ids[row.entry] as number
  for (const row of rows.toSorted((a, b) => idOf(a) - idOf(b))) {
    encoder.add({ ...row, id: idOf(row), endpointIds: membersOf ? encodeIds(membersOf(row.entry)) : null })
  }
  return encoder.finish()
}

/** Makes a blob of sums that come by ascending id. */
export function createSumsEncoder(): { add(sums: Readonly<StoredSums>): void; finish(): Uint8Array } {
  const chunks: Uint8Array[] = []
  let previous = 0
  return {
    add(sums) {
      chunks.push(encodeHead(sums, sums.id - previous))
      if (sums.buckets !== null) chunks.push(withLength(sums.buckets))
      if (sums.endpointIds !== null) chunks.push(withLength(sums.endpointIds))
      previous = sums.id
    },
    finish: () => Buffer.concat(chunks),
  }
}

function encodeHead(
  { counts, maxLatencyNs, buckets, endpointIds }: Readonly<StoredSums>,
  distance: number,
): Uint8Array {
  let mask = (buckets === null ? 0 : HAS_LATENCIES) | (endpointIds === null ? 0 : HAS_MEMBERS)
  for (let i = 0; i < COUNTS; i++) if ((counts[i] as number) > 0) mask |= 1 << i
  const bytes: number[] = []
  pushVarint(bytes, distance)
  pushVarint(bytes, mask)
  for (let i = 0; i < COUNTS; i++) if (mask & (1 << i)) pushVarint(bytes, counts[i] as number)
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
  const reader = createSumsReader(blob)
  while (reader.next()) take(reader.sums)
}

/** Reads a blob one sum after the other. */
export interface SumsReader {
  /** The last one that was read. */
  readonly sums: StoredSums
  /** Reads the next one; `false` at the end. */
  next(): boolean
}

export function createSumsReader(blob: Uint8Array): SumsReader {
  const counts = new Float64Array(COUNTS)
  const sums: StoredSums = { id: 0, counts, maxLatencyNs: null, buckets: null, endpointIds: null }
  const { hasMore, next, bytes } = createVarintReader(blob)
  return {
    sums,
    next() {
      if (!hasMore()) return false
      sums.id += next()
      const mask = next()
      for (let i = 0; i < COUNTS; i++) counts[i] = mask & (1 << i) ? next() : 0
      sums.maxLatencyNs = mask & HAS_LATENCIES ? next() : null
      sums.buckets = mask & HAS_LATENCIES ? bytes(next()) : null
      sums.endpointIds = mask & HAS_MEMBERS ? bytes(next()) : null
      return true
    },
  }
}
