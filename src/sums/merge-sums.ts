import { mergeIds } from './id-list.js'
import { mergeBuckets } from './latency-histogram.js'
import { createSumsEncoder, createSumsReader, type StoredSums, type SumsReader } from './sums-blob.js'

/** Merges blobs from `encodeSums` of one dimension into one blob. */
export function mergeSums(blobs: readonly Uint8Array[]): Uint8Array {
  const encoder = createSumsEncoder()
  // Slices of a Uint8Array cost half as much as slices of a Buffer.
  const plain = blobs.map((blob) => new Uint8Array(blob.buffer, blob.byteOffset, blob.byteLength))
  let readers = plain.map(createSumsReader).filter((reader) => reader.next())
  // One array for all ids, of which there may be a million.
  const same: SumsReader[] = []
  while (readers.length > 0) {
    findLeast(readers, same)
    encoder.add(same.length === 1 ? (same[0] as SumsReader).sums : addUp(same.map(({ sums }) => sums)))
    const ended = same.filter((reader) => !reader.next())
    if (ended.length > 0) readers = readers.filter((reader) => !ended.includes(reader))
  }
  return encoder.finish()
}

/** Fills `least` with all readers at the smallest id. */
function findLeast(readers: readonly SumsReader[], least: SumsReader[]): void {
  let id = Infinity
  for (const reader of readers) {
    if (reader.sums.id < id) least.length = 0
    if (reader.sums.id <= id) least.push(reader)
    id = Math.min(id, reader.sums.id)
  }
}

/** @param all sums of one id */
export function addUp(all: readonly StoredSums[]): StoredSums {
  const [first] = all as readonly [StoredSums, ...StoredSums[]]
  const counts = new Float64Array(first.counts.length)
  for (const one of all) for (let i = 0; i < counts.length; i++) counts[i]! += one.counts[i] as number
  const buckets = all.map((one) => one.buckets).filter((encoded) => encoded !== null)
  const endpointIds = all.map((one) => one.endpointIds).filter((encoded) => encoded !== null)
  return {
    id: first.id,
    counts,
    maxLatencyNs: all.reduce<number | null>((max, one) => highest(max, one.maxLatencyNs), null),
    buckets: buckets.length === 0 ? null : mergeBuckets(buckets),
    endpointIds: endpointIds.length === 0 ? null : mergeIds(endpointIds),
  }
}

function highest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b)
}
