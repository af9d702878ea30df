import { CONNECT_COLUMNS } from '../attempt/connect-columns.js'
import { propertyOf } from '../attempt/connect-values.js'
import { formatIsoMicros } from '../text/format-time.js'
import type { ConnectRow } from './connect-row.js'
import { jsonText } from '../text/quote-text.js'

type Value = string | number | bigint | null

/** Rows of a view are of one session. */
const FIELDS = CONNECT_COLUMNS.filter(({ name }) => name !== 'session_id').map(({ name }) => ({
  key: `"${name}":`,
  valueOf: readerOf(name),
}))

/** An attempt as a JSON object with the column names of the view `connects`. Integers beyond 2^53 are exact literals. */
export function renderJsonRow(row: ConnectRow): string {
  return `{${FIELDS.map(({ key, valueOf }) => key + renderValue(valueOf(row))).join(',')}}`
}

function readerOf(name: string): (row: ConnectRow) => Value {
  if (name === 'started_ns') return ({ unixNs }) => unixNs
  if (name === 'time') return ({ unixNs }) => formatIsoMicros(unixNs)
  const property = propertyOf(name) as keyof ConnectRow
  return (row) => row[property] as Value
}

function renderValue(value: Value): string {
  return typeof value === 'string' ? jsonText(value) : String(value)
}
