import { encodeIds } from './id-list.js'
import type { LatencyRow } from './latency-sums.js'
import { OUTCOMES } from './outcome.js'
import { createVarintReader, createVarintWriter, type VarintWriter } from './varint.js'

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
  const writer = createVarintWriter()
  let previous = 0
  return {
    add(sums) {
      writer.varint(sums.id - previous)
      writeSums(writer, sums)
      previous = sums.id
    },
    finish: writer.finish,
  }
}

function writeSums({ varint, withLength }: VarintWriter, sums: Readonly<StoredSums>): void {
  const { counts, maxLatencyNs, buckets, endpointIds } = sums
  let mask = (buckets === null ? 0 : HAS_LATENCIES) | (endpointIds === null ? 0 : HAS_MEMBERS)
  for (let i = 0; i < COUNTS; i++) if ((counts[i] as number) > 0) mask |= 1 << i
  varint(mask)
  for (let i = 0; i < COUNTS; i++) if (mask & (1 << i)) varint(counts[i] as number)
  if (buckets !== null) {
    varint(maxLatencyNs ?? 0)
    withLength(buckets)
  }
  if (endpointIds !== null) withLength(endpointIds)
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
