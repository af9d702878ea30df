import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { plainValue, type Found } from './found.js'

/** Reads Parquet in plain JavaScript. A `Date` has no ns, so times are read as integers. */
export async function readParquetInJavascript(path: string): Promise<Found> {
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file)
  const names = parquetSchema(metadata).children.map(({ element }) => element.name)
  const parsers = { timestampFromNanoseconds: (ns: bigint) => ns }
  const objects = await parquetReadObjects({ file, metadata, compressors, parsers })
  return { names, rows: objects.map((row) => names.map((name) => plainValue(row[name] as unknown))) }
}
