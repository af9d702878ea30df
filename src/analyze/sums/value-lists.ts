import { radixSort } from '../../store/radix-sort.js'

const CHUNK = 1 << 16
/** Values up to which nothing beats a plain insertion. */
const FEW = 64
const MAX_UINT32 = 2 ** 32 - 1

/** Every value of every group, for exact percentiles: 12 bytes each while they come in, 8 afterwards. */
export interface ValueLists {
  /** @param value an integer */
  add(group: number, value: number): void
  /** Values by group, ascending. The lists are empty afterwards. */
  take(groupCount: number): Float64Array[]
}

interface Chunk {
  readonly groups: Uint32Array
  readonly values: Float64Array
  length: number
}

export function createValueLists(): ValueLists {
  let chunks: Chunk[] = []
  let current = emptyChunk(0)
  return {
    add(group, value) {
      if (current.length === current.values.length) {
        current = emptyChunk(CHUNK)
        chunks.push(current)
      }
      current.groups[current.length] = group
      current.values[current.length++] = value
    },
    take(groupCount) {
      const lists = distribute(chunks, groupCount)
      chunks = []
      current = emptyChunk(0)
      sortAll(lists)
      return lists
    },
  }
}

function emptyChunk(length: number): Chunk {
  return { groups: new Uint32Array(length), values: new Float64Array(length), length: 0 }
}

function distribute(chunks: readonly Chunk[], groupCount: number): Float64Array[] {
  const lengths = new Uint32Array(groupCount)
  for (const { groups, length } of chunks) for (let i = 0; i < length; i++) lengths[groups[i] as number]!++
  const lists = Array.from(lengths, (length) => new Float64Array(length))
  lengths.fill(0)
  for (const { groups, values, length } of chunks) {
    for (let i = 0; i < length; i++) {
      const group = groups[i] as number
      lists[group]![lengths[group]!++] = values[i] as number
    }
  }
  return lists
}

/** By their digits while they fit 32 bits, 4.3 s in ns: three times as fast. */
function sortAll(lists: readonly Float64Array[]): void {
  const longest = lists.reduce((max, list) => Math.max(max, list.length), 0)
  const keys = new Uint32Array(longest)
  const scratch = new Uint32Array(longest)
  for (const list of lists) {
    if (list.length <= FEW) {
      sortFew(list)
      continue
    }
    let [min, max] = [0, 0]
    for (let i = 0; i < list.length; i++) {
      const value = list[i] as number
      if (value > max) max = value
      if (value < min) min = value
      keys[i] = value
    }
    if (min < 0 || max > MAX_UINT32) list.sort()
    else list.set(radixSort(keys, scratch, list.length).subarray(0, list.length))
  }
}

/** Insertion sort: values often come nearly in their order. */
function sortFew(list: Float64Array): void {
  for (let i = 1; i < list.length; i++) {
    const value = list[i] as number
    let at = i
    for (; at > 0 && (list[at - 1] as number) > value; at--) list[at] = list[at - 1] as number
    list[at] = value
  }
}
