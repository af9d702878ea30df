import { createBlock, type AttemptBlock } from './attempt-block.js'
import { SLOTS, createChunkQueue, type QueueMemory } from './chunk-queue.js'
import { createReadChunk, type PageScan } from './page-scan.js'

/** Message to a worker. */
export interface DecodeTask {
  readonly scan: PageScan
  readonly memory: QueueMemory
}

/** Blocks in shared memory, one per slot. */
export function createSlotBlocks({ scan: { columns }, memory: { rows, capacity } }: DecodeTask): AttemptBlock[] {
  const size = columns.length * capacity
  return Array.from({ length: SLOTS }, (_, slot) =>
    createBlock(columns, rows.subarray(slot * size, (slot + 1) * size), capacity),
  )
}

/**
 * @returns a function that decodes a claimed chunk into its slot. A damaged chunk, or one with too many rows, is left to the
 *   thread that takes it.
 */
export function createChunkDecoder(task: DecodeTask): (chunk: number) => void {
  const queue = createChunkQueue(task.memory)
  const readChunk = createReadChunk(task.scan)
  const blocks = createSlotBlocks(task)
  const { capacity } = task.memory
  return (chunk) => {
    const block = blocks[chunk % SLOTS] as AttemptBlock
    block.count = 0
    const roomFor = (count: number) => {
      if (block.count + count > capacity) throw new Error('a chunk of more rows than a recorder writes')
      return block
    }
    let isWhole = true
    try {
      readChunk(chunk, roomFor)
    } catch {
      // The thread that takes the chunk reads it again and throws the error.
      isWhole = false
    }
    queue.finish(chunk, isWhole ? block.count : null)
  }
}
