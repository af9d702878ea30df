import type { Result } from '../result/result.js'
import { createParquetWriter } from './parquet/parquet-writer.js'
import { loadZstd } from './parquet/zstd.js'
import { batchOfResult } from './result-batch.js'

/** The rows of a built-in query as a Parquet file. */
export async function renderParquet(result: Result): Promise<Uint8Array> {
  const { columns, batch } = batchOfResult(result)
  const writer = createParquetWriter(columns, { metadata: new Map(), compress: await loadZstd() })
  return Buffer.concat([...writer.add(batch), ...writer.finish()])
}
