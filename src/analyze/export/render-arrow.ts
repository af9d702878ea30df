import type { Result } from '../result/result.js'
import { createArrowWriter } from './arrow/arrow-writer.js'
import { batchOfResult } from './result-batch.js'

/** The rows of a built-in query in the Arrow IPC format: a stream for a pipe, otherwise a file. */
export function renderArrow(result: Result, container: 'stream' | 'file'): Uint8Array {
  const { columns, batch } = batchOfResult(result)
  const writer = createArrowWriter(columns, new Map(), container)
  return Buffer.concat([...writer.add(batch), ...writer.finish()])
}
