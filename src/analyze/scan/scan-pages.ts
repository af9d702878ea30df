import { createGathering, type AttemptBlock, type TakeBlock } from './attempt-block.js'
import { SLOTS, allocateQueue, countNumbers, createChunkQueue } from './chunk-queue.js'
import { createChunkDecoder, createSlotBlocks } from './decode-chunks.js'
import type { DecodeWorkers } from './decode-workers.js'
import { createReadChunk, pagesPerChunk, type PageScan } from './page-scan.js'

/** Minimum size of a row: its cell and the pointer to it. */
const MIN_ROW_BYTES = 24

/**
 * Passes the attempts of a scan in the order of ids. Workers decode the next chunks; this thread decodes too if no chunk is
 * ready.
 * @param workers `null`: none
 * @throws E_DAMAGED_TRACE
 */
export function scanPages(scan: PageScan, workers: DecodeWorkers | null, take: TakeBlock): void {
  if (workers === null) scanAlone(scan, take)
  else scanTogether(scan, workers, take)
}

function scanAlone(scan: PageScan, take: TakeBlock): void {
  const readChunk = createReadNow(scan, take)
  for (let chunk = 0; chunk < chunkCountOf(scan); chunk++) readChunk(chunk)
}

/** @returns a function that decodes a chunk in this thread and passes its rows */
function createReadNow(scan: PageScan, take: TakeBlock): (chunk: number) => void {
  const readChunk = createReadChunk(scan)
  // No page has more cells than this.
  const capacity = Math.max(capacityOf(scan), scan.table.pageBytes / 2)
  const { roomFor, flush } = createGathering(scan.columns, capacity, take)
  return (chunk) => {
    readChunk(chunk, roomFor)
    flush()
  }
}

function scanTogether(scan: PageScan, workers: DecodeWorkers, take: TakeBlock): void {
  const chunkCount = chunkCountOf(scan)
  const capacity = capacityOf(scan)
  const rows = workers.rows.borrow(countNumbers(capacity, scan.columns.length))
  const task = { scan, memory: allocateQueue(chunkCount, capacity, rows) }
  const queue = createChunkQueue(task.memory)
  const decode = createChunkDecoder(task)
  const blocks = createSlotBlocks(task)
  workers.decode(task)
  try {
    for (let chunk = 0; chunk < chunkCount; chunk++) {
      while (!queue.isFinished(chunk)) {
        const claimed = queue.claim()
        if (claimed >= 0) decode(claimed)
        else queue.waitFor(chunk)
      }
      const count = queue.rowCountOf(chunk)
      if (count === null) createReadNow(scan, take)(chunk)
      else {
        const block = blocks[chunk % SLOTS] as AttemptBlock
        block.count = count
        take(block)
      }
      queue.take()
    }
  } finally {
    queue.close()
    workers.rows.giveBack(rows)
  }
}

function chunkCountOf({ table, pages }: PageScan): number {
  return Math.ceil(pages.length / pagesPerChunk(table))
}

function capacityOf({ table }: PageScan): number {
  return Math.ceil((pagesPerChunk(table) * table.pageBytes) / MIN_ROW_BYTES)
}
