/** Limit of chunks decoded ahead, which limits the memory. */
export const SLOTS = 16
const WAKE_EVERY = SLOTS / 2

/**
 * Positions in `control`: the next unclaimed chunk, and the number of taken chunks. Each slot then has the number of its chunk
 * plus one, 0 for none, and its number of rows.
 */
const NEXT = 0
const TAKEN = 1
const SLOTS_AT = 2
/** In place of the number of rows: not decoded. */
const FAILED = -1

/** Shared memory: `SLOTS` slots, each with `capacity` numbers per column. */
export interface QueueMemory {
  readonly chunkCount: number
  /** Rows per slot */
  readonly capacity: number
  readonly control: Int32Array
  readonly rows: Float64Array
}

/** Numbers in the rows of a queue. @param capacity maximum number of rows of a chunk */
export function countNumbers(capacity: number, columnCount: number): number {
  return SLOTS * capacity * columnCount
}

/**
 * A queue of its own: a thread that is late with an earlier scan claims no chunk of this one.
 * @param rows shared memory for `countNumbers`, which no other queue uses at the same time
 */
export function allocateQueue(chunkCount: number, capacity: number, rows: Float64Array): QueueMemory {
  const control = new Int32Array(new SharedArrayBuffer(4 * (SLOTS_AT + 2 * SLOTS)))
  return { chunkCount, capacity, control, rows }
}

/**
 * Distributes the chunks of a scan to threads. A thread claims the next chunk, decodes it into its slot and reports it; one
 * thread takes the chunks in order. Chunk `c` uses slot `c % SLOTS` and can be claimed when that slot is free.
 */
export interface ChunkQueue {
  /** The next chunk to decode; -1: none is ready. */
  claim(): number
  /** @param rowCount `null`: the thread that takes the chunk must decode it */
  finish(chunk: number, rowCount: number | null): void
  /** Whether no chunk is left to claim. */
  isOver(): boolean
  /** Sleeps until a chunk is taken after `takenCount` was read. */
  waitForTaken(takenCount: number): void
  takenCount(): number
  isFinished(chunk: number): boolean
  /** Rows of a finished chunk; `null` if it could not be decoded. */
  rowCountOf(chunk: number): number | null
  /** Sleeps until a claimed chunk is finished. */
  waitFor(chunk: number): void
  /** Frees the slot of the next chunk in order, whose rows have been read. */
  take(): void
  /** Ends the scan: when it returns, no thread claims or decodes a chunk. */
  close(): void
}

export function createChunkQueue({ chunkCount, control }: QueueMemory): ChunkQueue {
  const stateAt = (chunk: number) => SLOTS_AT + 2 * (chunk % SLOTS)
  const waitFor = (chunk: number) => {
    const at = stateAt(chunk)
    for (;;) {
      const state = Atomics.load(control, at)
      if (state === chunk + 1) return
      Atomics.wait(control, at, state)
    }
  }
  return {
    claim() {
      for (;;) {
        const next = Atomics.load(control, NEXT)
        if (next >= chunkCount || next >= Atomics.load(control, TAKEN) + SLOTS) return -1
        if (Atomics.compareExchange(control, NEXT, next, next + 1) === next) return next
      }
    },
    finish(chunk, rowCount) {
      const at = stateAt(chunk)
      Atomics.store(control, at + 1, rowCount ?? FAILED)
      Atomics.store(control, at, chunk + 1)
      Atomics.notify(control, at)
    },
    isOver: () => Atomics.load(control, NEXT) >= chunkCount,
    waitForTaken: (takenCount) => void Atomics.wait(control, TAKEN, takenCount),
    takenCount: () => Atomics.load(control, TAKEN),
    isFinished: (chunk) => Atomics.load(control, stateAt(chunk)) === chunk + 1,
    rowCountOf(chunk) {
      const rows = Atomics.load(control, stateAt(chunk) + 1)
      return rows === FAILED ? null : rows
    },
    waitFor,
    take() {
      const taken = Atomics.add(control, TAKEN, 1) + 1
      // Waking a thread costs more than decoding a chunk: wake it for several.
      if (taken % WAKE_EVERY === 0) Atomics.notify(control, TAKEN)
    },
    close() {
      const claimed = Math.min(chunkCount, Atomics.exchange(control, NEXT, chunkCount))
      for (let chunk = Atomics.load(control, TAKEN); chunk < claimed; chunk++) waitFor(chunk)
      Atomics.store(control, TAKEN, chunkCount)
      Atomics.notify(control, TAKEN)
    },
  }
}
