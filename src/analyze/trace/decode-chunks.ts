import { createAppend, createBlock, type AttemptBlock, type TakeRow } from './attempt-block.js'
import { SLOTS, createChunkQueue, type QueueMemory } from './chunk-queue.js'
import { createChunkReader, type PageScan } from './page-scan.js'

/** What a worker is sent. */
export interface DecodeTask {
  readonly scan: PageScan
  readonly memory: QueueMemory
}

/** Blocks in the memory that threads share, one per slot. */
export function createSlotBlocks({ scan: { columns }, memory: { rows, capacity } }: DecodeTask): AttemptBlock[] {
  const size = columns.length * capacity
  return Array.from({ length: SLOTS }, (_, slot) =>
    createBlock(columns, rows.subarray(slot * size, (slot + 1) * size), capacity),
  )
}

/**
 * @returns what decodes a chunk that was claimed into its slot. A damaged one, and one of too many rows, is left to the
 *   thread that takes it.
 */
export function createChunkDecoder(task: DecodeTask): (chunk: number) => void {
  const { scan, memory } = task
  const queue = createChunkQueue(memory)
  const reader = createChunkReader(scan)
  const blocks = createSlotBlocks(task)
  const append = createAppend(scan.columns)
  let block = blocks[0] as AttemptBlock
  let isWhole = true
  const add: TakeRow = (row) => {
    if (block.count < memory.capacity) append(block, row)
    else isWhole = false
  }
  return (chunk) => {
    block = blocks[chunk % SLOTS] as AttemptBlock
    block.count = 0
    isWhole = true
    try {
      reader.read(chunk, add)
    } catch {
      // The thread that takes the chunk reads it again, and throws what this did.
      isWhole = false
    }
    queue.finish(chunk, isWhole ? block.count : null)
  }
}
