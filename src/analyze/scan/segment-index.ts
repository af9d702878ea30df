/**
 * Finds segments of time. Most times are in the same segment as the time before; others take a binary search.
 * @param segments ascending, without overlaps; `toNs` is the end of each, exclusive
 * @returns the index of the first segment that ends after a time, otherwise of the last segment; 0 without segments
 */
export function createSegmentIndex(segments: readonly { readonly toNs: number }[]): (startedNs: number) => number {
  const ends = Float64Array.from(segments, ({ toNs }) => toNs)
  const last = Math.max(0, ends.length - 1)
  let index = 0
  const search = (startedNs: number) => {
    let high = last
    for (index = 0; index < high;) {
      const middle = (index + high) >> 1
      if (startedNs < (ends[middle] as number)) high = middle
      else index = middle + 1
    }
    return index
  }
  return (startedNs) => {
    const isSame =
      (index === last || startedNs < (ends[index] as number)) && !(startedNs < (ends[index - 1] ?? -Infinity))
    return isSame ? index : search(startedNs)
  }
}
