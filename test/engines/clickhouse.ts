import { query } from 'chdb'
import type { Found } from './found.js'

/** The names of formats in ClickHouse */
export type ClickhouseFormat = 'Parquet' | 'Arrow' | 'ArrowStream'

const SETTINGS = `output_format_json_quote_64bit_integers = 1, output_format_json_quote_64bit_floats = 0,
  date_time_output_format = 'unix_timestamp'`

/** Reads files of one format: a path, possibly with *. */
export function readWithClickhouse(path: string, format: ClickhouseFormat): Found {
  return queryClickhouse(
    `SELECT * FROM file(${quote(path)}, ${format}) SETTINGS use_hive_partitioning = 0, ${SETTINGS}`,
  )
}

/** Runs SQL in ClickHouse, which chdb contains as a library. */
export function queryClickhouse(sql: string): Found {
  const [names = [], types = [], ...rows] = query(sql, 'JSONCompactEachRowWithNamesAndTypes')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown[])
  return {
    names: names.map(String),
    rows: rows.map((row) => row.map((value, i) => (value === null ? null : valueOf(value, String(types[i]))))),
  }
}

function valueOf(value: unknown, type: string): unknown {
  if (/\bU?Int\d+/.test(type)) return BigInt(value as string | number)
  if (type.includes('DateTime64(9')) return nanoseconds(String(value))
  if (type.includes('Float64')) return Number.isInteger(value) ? BigInt(value as number) : value
  return value
}

/** A time in seconds with nine decimals. */
function nanoseconds(text: string): bigint {
  const [, sign = '', seconds = '', fraction = ''] = /^(-?)(\d+)\.(\d{9})$/.exec(text) ?? []
  const ns = BigInt(seconds) * 1_000_000_000n + BigInt(fraction)
  return sign === '-' ? -ns : ns
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
