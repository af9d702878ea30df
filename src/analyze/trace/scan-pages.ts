import { allocateQueue, createChunkQueue } from './chunk-queue.js'
import { createChunkDecoder, createChunkReplay } from './decode-chunks.js'
import type { TakeRow } from './decode-attempts.js'
import type { DecodeWorkers } from './decode-workers.js'
import { createChunkReader, pagesPerChunk, type PageScan } from './page-scan.js'

/** From so many bytes on a scan is worth the start of a worker. */
const MIN_BYTES = 1 << 24
/** No row of a recorder's is shorter: its cell, and the pointer to it. */
const MIN_ROW_BYTES = 24

/**
 * Passes the attempts of a scan in the order of ids. Workers decode the next chunks meanwhile; where they are behind, this
 * thread decodes too.
 * @param workers `null` for none
 * @throws E_DAMAGED_TRACE
 */
export function scanPages(scan: PageScan, workers: DecodeWorkers | null, take: TakeRow): void {
  const isLarge = scan.pages.length * scan.table.pageBytes >= MIN_BYTES
  if (workers === null || workers.count === 0 || !isLarge) return scanAlone(scan, take)
  scanTogether(scan, workers, take)
}

function scanAlone(scan: PageScan, take: TakeRow): void {
  const reader = createChunkReader(scan)
  for (let chunk = 0; chunk < reader.chunkCount; chunk++) reader.read(chunk, take)
}

function scanTogether(scan: PageScan, workers: DecodeWorkers, take: TakeRow): void {
  const chunkPages = pagesPerChunk(scan.table)
  const capacity = Math.ceil((chunkPages * scan.table.pageBytes) / MIN_ROW_BYTES)
  const chunkCount = Math.ceil(scan.pages.length / chunkPages)
  const memory = allocateQueue(chunkCount, capacity, scan.columns.length)
  const task = { scan, memory }
  const queue = createChunkQueue(memory)
  const decoder = createChunkDecoder(task)
  const replay = createChunkReplay(task)
  workers.decode(task)
  try {
    for (let chunk = 0; chunk < chunkCount; chunk++) {
      while (queue.rowsOf(chunk) === -1) {
        const claimed = queue.claim()
        if (claimed >= 0) decoder.decode(claimed)
        else queue.waitFor(chunk)
      }
      const rows = queue.rowsOf(chunk)
      if (rows === null) createChunkReader(scan).read(chunk, take)
      else replay(chunk, rows, take)
      queue.take()
    }
  } finally {
    queue.close()
  }
}
