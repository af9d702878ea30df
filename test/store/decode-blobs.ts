/** Stored latency buckets: LEB128 pairs of the distance to the bucket before and the count, as count by bucket. */
export function decodeBuckets(encoded: Uint8Array): Map<number, number> {
  const values = decodeVarints(encoded)
  const buckets = new Map<number, number>()
  for (let i = 0, bucket = 0; i < values.length; i += 2) {
    bucket += values[i] as number
    buckets.set(bucket, values[i + 1] as number)
  }
  return buckets
}

/** Stored row ids: LEB128 distances to the id before. */
export function decodeIds(encoded: Uint8Array): number[] {
  let id = 0
  return decodeVarints(encoded).map((distance) => (id += distance))
}

function decodeVarints(encoded: Uint8Array): number[] {
  const values: number[] = []
  let [value, scale] = [0, 1]
  for (const byte of encoded) {
    value += (byte & 127) * scale
    scale *= 128
    if (byte >= 128) continue
    values.push(value)
    ;[value, scale] = [0, 1]
  }
  return values
}
