import { mergeIds } from './id-list.js'
import { mergeBuckets } from './latency-histogram.js'
import { createSumsEncoder, createSumsReader, type StoredSums, type SumsReader } from './sums-blob.js'

/** Adds up blobs of sums, as `encodeSums` gives them, of the same dimension: one blob with the sums of each id once. */
export function mergeSums(blobs: readonly Uint8Array[]): Uint8Array {
  const encoder = createSumsEncoder()
  // Parts of a plain array cost half as much as those of a Buffer.
  const plain = blobs.map((blob) => new Uint8Array(blob.buffer, blob.byteOffset, blob.byteLength))
  let readers = plain.map(createSumsReader).filter((reader) => reader.next())
  while (readers.length > 0) {
    const id = readers.reduce((least, { sums }) => Math.min(least, sums.id), Infinity)
    const same = readers.filter(({ sums }) => sums.id === id)
    encoder.add(same.length === 1 ? (same[0] as SumsReader).sums : addUp(same.map(({ sums }) => sums)))
    readers = advance(readers, id)
  }
  return encoder.finish()
}

/** All readers that have sums left, each behind `id`. */
function advance(readers: readonly SumsReader[], id: number): SumsReader[] {
  return readers.filter((reader) => reader.sums.id !== id || reader.next())
}

/** @param all of the same id */
function addUp(all: readonly StoredSums[]): StoredSums {
  const [first] = all as readonly [StoredSums, ...StoredSums[]]
  const counts = Float64Array.from({ length: first.counts.length }, (_, i) =>
    all.reduce((sum, one) => sum + (one.counts[i] as number), 0),
  )
  const buckets = all.flatMap((one) => one.buckets ?? [])
  const endpointIds = all.flatMap((one) => one.endpointIds ?? [])
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
