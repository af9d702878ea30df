import type { Result } from '../result/result.js'
import { createParquetWriter } from './parquet/parquet-writer.js'
import { batchOfResult } from './result-batch.js'

/** The rows of a stored query as a Parquet file. */
export function renderParquet(result: Result): Uint8Array {
  const { columns, batch } = batchOfResult(result)
  const writer = createParquetWriter(columns, { metadata: new Map() })
  return Buffer.concat([...writer.add(batch), ...writer.finish()])
}
