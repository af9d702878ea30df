import { AT, ATTEMPT_COLUMNS } from './attempt-columns.js'
import { createChunkQueue, type QueueMemory } from './chunk-queue.js'
import type { TakeRow } from './decode-attempts.js'
import { createChunkReader, type PageScan } from './page-scan.js'

/** What a worker is sent. */
export interface DecodeTask {
  readonly scan: PageScan
  readonly memory: QueueMemory
}

/** Decodes chunks of a scan into memory that threads share. */
export interface ChunkDecoder {
  /** Decodes a chunk that was claimed. A damaged one is left to the thread that takes it, which finds the same. */
  decode(chunk: number): void
}

export function createChunkDecoder({ scan, memory }: DecodeTask): ChunkDecoder {
  const { capacity, rows } = memory
  const queue = createChunkQueue(memory)
  const reader = createChunkReader(scan)
  const positions = Uint8Array.from(scan.columns, (column) => AT[column])
  let at = 0
  let count = 0
  const append: TakeRow = (row) => {
    if (count < capacity) {
      for (let i = 0; i < positions.length; i++) rows[at + i * capacity + count] = row[positions[i] as number] as number
    }
    count++
  }
  return {
    decode(chunk) {
      at = queue.rowsAt(chunk)
      count = 0
      let isWhole = false
      try {
        reader.read(chunk, append)
        isWhole = count <= capacity
      } catch {
        // The thread that takes the chunk reads it again, and throws what this did.
      }
      queue.finish(chunk, isWhole ? count : null)
    },
  }
}

/** Passes the rows of a chunk that was decoded. */
export function createChunkReplay({ scan, memory }: DecodeTask): (chunk: number, count: number, take: TakeRow) => void {
  const { capacity, rows } = memory
  const { rowsAt } = createChunkQueue(memory)
  const positions = Uint8Array.from(scan.columns, (column) => AT[column])
  const row = new Float64Array(ATTEMPT_COLUMNS.length)
  return (chunk, count, take) => {
    const at = rowsAt(chunk)
    for (let number = 0; number < count; number++) {
      for (let i = 0; i < positions.length; i++) row[positions[i] as number] = rows[at + i * capacity + number] as number
      take(row)
    }
  }
}
