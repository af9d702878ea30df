import { encodeIds } from './id-list.js'
import type { LatencyRow } from './latency-sums.js'
import { OUTCOMES } from '../attempt/outcome.js'
import { createByteBuffer, putVarint, putWithLength, writtenBytes, type ByteBuffer } from './byte-buffer.js'
import { createVarintReader } from './varint.js'

/** Attempts per outcome, then SYN retransmits. */
const COUNTS = OUTCOMES.length + 1
const HAS_LATENCIES = 1 << COUNTS
const HAS_MEMBERS = 1 << (COUNTS + 1)

/** Sums of one endpoint, process or second in a window. The object is reused for every one. */
export interface StoredSums {
  /** endpoint_id, process_id or Unix second */
  id: number
  /** Attempts per outcome, in the order of `OUTCOMES`, then SYN retransmits. */
  readonly counts: ArrayLike<number>
  /** of established attempts, like the buckets; `null` without any */
  maxLatencyNs: number | null
  /** From `encodeBuckets`. */
  buckets: Uint8Array | null
  /** Of a process, from `encodeIds`: its endpoints. */
  endpointIds: Uint8Array | null
}

/**
 * Sums of a window in one blob. For each id, ascending, as LEB128: the distance to the previous id; a mask of the
 * non-zero counts and of whether latencies and endpoints follow; those counts; the maximum, the length of the buckets
 * in bytes and the buckets; the length of the ids in bytes and the ids.
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

/** Encodes sums that arrive by ascending id. */
export function createSumsEncoder(): { add(sums: Readonly<StoredSums>): void; finish(): Uint8Array } {
  const buffer = createByteBuffer()
  let previous = 0
  return {
    add(sums) {
      putVarint(buffer, sums.id - previous)
      putSums(buffer, sums)
      previous = sums.id
    },
    finish: () => writtenBytes(buffer),
  }
}

function putSums(buffer: ByteBuffer, sums: Readonly<StoredSums>): void {
  const { counts, maxLatencyNs, buckets, endpointIds } = sums
  let mask = (buckets === null ? 0 : HAS_LATENCIES) | (endpointIds === null ? 0 : HAS_MEMBERS)
  for (let i = 0; i < COUNTS; i++) if ((counts[i] as number) > 0) mask |= 1 << i
  putVarint(buffer, mask)
  for (let i = 0; i < COUNTS; i++) if (mask & (1 << i)) putVarint(buffer, counts[i] as number)
  if (buckets !== null) {
    putVarint(buffer, maxLatencyNs ?? 0)
    putWithLength(buffer, buckets)
  }
  if (endpointIds !== null) putWithLength(buffer, endpointIds)
}

/** Iterates over all sums of a blob. A damaged blob can yield any numbers, but the iteration ends. */
export function forEachSums(blob: Uint8Array, take: (sums: StoredSums) => void): void {
  const reader = createSumsReader(blob)
  while (reader.next()) take(reader.sums)
}

/** Iterates over the sums of a blob. */
export interface SumsReader {
  /** The current sums. */
  readonly sums: StoredSums
  /** Advances to the next sums; `false` at the end. */
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
