/** Attempts ordered by start: a binary heap of numbers, without an object per attempt. */
export interface StartHeap {
  readonly size: number
  push(startedNs: number, attemptId: number): void
  /** Start of the earliest attempt; Infinity if the heap is empty. */
  earliestNs(): number
  /** Removes the earliest attempt and returns its id. Equal starts are in the order of ids. */
  pop(): number
}

export function createStartHeap(): StartHeap {
  let starts = new Float64Array(1024)
  let ids = new Float64Array(1024)
  let size = 0
  const isBefore = (a: number, b: number) =>
    starts[a]! < starts[b]! || (starts[a] === starts[b] && (ids[a] as number) < (ids[b] as number))
  const swap = (a: number, b: number) => {
    ;[starts[a], starts[b]] = [starts[b] as number, starts[a] as number]
    ;[ids[a], ids[b]] = [ids[b] as number, ids[a] as number]
  }
  const sink = () => {
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      let least = at
      if (left < size && isBefore(left, least)) least = left
      if (right < size && isBefore(right, least)) least = right
      if (least === at) return
      swap(at, least)
      at = least
    }
  }
  return {
    get size() {
      return size
    },
    push(startedNs, attemptId) {
      if (size === starts.length) [starts, ids] = [grown(starts), grown(ids)]
      starts[size] = startedNs
      ids[size] = attemptId
      for (let at = size++; at > 0 && isBefore(at, (at - 1) >> 1); at = (at - 1) >> 1) swap(at, (at - 1) >> 1)
    },
    earliestNs: () => (size === 0 ? Infinity : (starts[0] as number)),
    pop() {
      const id = ids[0] as number
      size--
      swap(0, size)
      sink()
      return id
    },
  }
}

function grown(array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2)
  larger.set(array)
  return larger
}
