import { readFileSync } from 'node:fs'
import { pl } from 'nodejs-polars'
import { rowsOf, type Found } from './found.js'

export type PolarsFormat = 'parquet' | 'arrow' | 'arrow stream'

/** Reads a file with polars. It returns integers as doubles, and times as `Date`: both are read as texts instead. */
export function readWithPolars(path: string, format: PolarsFormat): Found {
  const read = { parquet: pl.readParquet, arrow: pl.readIPC, 'arrow stream': pl.readIPCStream }[format]
  // Passes the content, because polars accepts only paths with the extension .parquet or .ipc.
  const frame = read(readFileSync(path))
  return { names: frame.columns, rows: rowsOf(frame.getColumns().map(valuesOf)) }
}

function valuesOf(series: pl.Series): unknown[] {
  if (!/^DataType\((U?Int|Datetime)/.test(String(series.dtype))) return series.toArray() as unknown[]
  const texts = series.cast(pl.Int64).cast(pl.Utf8).toArray() as (string | null)[]
  return texts.map((text) => (text === null ? null : BigInt(text)))
}
