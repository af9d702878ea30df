/** Chunks that are decoded ahead of the one that is taken: bounds the memory. */
export const SLOTS = 16
const WAKE_EVERY = SLOTS / 2

/**
 * Positions in `control`: the next chunk that nobody has claimed, and how many were taken. For each slot follow the number
 * of the chunk in it plus one, 0 for none, and its rows.
 */
const NEXT = 0
const TAKEN = 1
const SLOTS_AT = 2
/** In place of a number of rows. */
const FAILED = -1

/** Memory that threads share: `SLOTS` slots, each with `capacity` numbers of each column. */
export interface QueueMemory {
  readonly chunkCount: number
  /** Rows that a slot has room for */
  readonly capacity: number
  readonly control: Int32Array
  readonly rows: Float64Array
}

/** @param capacity rows that a chunk may have */
export function allocateQueue(chunkCount: number, capacity: number, columnCount: number): QueueMemory {
  const control = new Int32Array(new SharedArrayBuffer(4 * (SLOTS_AT + 2 * SLOTS)))
  const rows = new Float64Array(new SharedArrayBuffer(8 * SLOTS * capacity * columnCount))
  return { chunkCount, capacity, control, rows }
}

/**
 * Hands out the chunks of a scan to threads. Each claims the next chunk that nobody has, decodes it into its slot and says
 * so; one thread takes them in their order. Chunk `c` is in slot `c % SLOTS`, and is claimed only when that is free.
 */
export interface ChunkQueue {
  /** The next chunk to decode, -1 for none at the moment. */
  claim(): number
  /** @param rowCount `null` for a chunk that has to be decoded by the one who takes it */
  finish(chunk: number, rowCount: number | null): void
  /** Whether there will be no more chunks to claim. */
  isOver(): boolean
  /** Sleeps until some chunks were taken since `takenCount` was read. */
  waitForTaken(takenCount: number): void
  takenCount(): number
  isFinished(chunk: number): boolean
  /** Rows of a chunk that is finished: `null` when it could not be decoded. */
  rowCountOf(chunk: number): number | null
  /** Sleeps until a chunk that somebody has claimed is finished. */
  waitFor(chunk: number): void
  /** Frees the slot of the chunk after the last one that was taken. */
  take(): void
  /** Ends the scan: nobody claims chunks any more, nor decodes one when this returns. */
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
      // To wake a thread costs more than to decode a chunk: it finds some to do.
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
