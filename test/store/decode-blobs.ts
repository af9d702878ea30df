/**
 * Decodes latency buckets into counts by bucket. The blob has LEB128 pairs: the distance to the previous bucket, and
 * the count.
 */
export function decodeBuckets(encoded: Uint8Array): Map<number, number> {
  const values = decodeVarints(encoded)
  const buckets = new Map<number, number>()
  for (let i = 0, bucket = 0; i < values.length; i += 2) {
    bucket += values[i] as number
    buckets.set(bucket, values[i + 1] as number)
  }
  return buckets
}

/** Decodes row ids. The blob has blocks of 1,024 ids, each with the distances of its ids, or with one bit per id. */
export function decodeIds(encoded: Uint8Array): number[] {
  const ids: number[] = []
  let [at, block] = [0, 0]
  const next = () => {
    const end = encoded.findIndex((byte, i) => i >= at && byte < 128) + 1
    const [value] = decodeVarints(encoded.subarray(at, end))
    at = end
    return value as number
  }
  while (at < encoded.length) {
    block += next()
    const head = next()
    if (head % 2 === 1) {
      const bits = encoded.subarray(at, (at += (head - 1) / 2))
      for (let bit = 0; bit < bits.length * 8; bit++) {
        if (((bits[bit >> 3] as number) >> (bit & 7)) & 1) ids.push(block * 1024 + bit)
      }
    } else {
      for (let i = 0, id = block * 1024; i < head / 2; i++) ids.push((id += next()))
    }
  }
  return ids
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
