import type { Result } from '../result/result.js'
import { createArrowWriter } from './arrow/arrow-writer.js'
import { batchOfResult } from './result-batch.js'

/** The rows of a stored query as an Arrow IPC stream. */
export function renderArrow(result: Result): Uint8Array {
  const { columns, batch } = batchOfResult(result)
  const writer = createArrowWriter(columns, new Map(), 'stream')
  return Buffer.concat([...writer.add(batch), ...writer.finish()])
}
