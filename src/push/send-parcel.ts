import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Server } from '../clickhouse/connect.js'
import { ATTEMPTS_TABLE } from '../fleet/attempts-table.js'
import { quoteName } from '../fleet/create-statements.js'
import { insertedColumns, type FleetTable } from '../fleet/fleet-table.js'
import { writtenBytes } from '../sums/byte-buffer.js'
import type { EncodedRows, SessionName } from './copied-rows.js'
import { MAX_ATTEMPTS } from './find-batches.js'
import type { Parcel } from './make-parcel.js'

/** An insert is stored when it is answered. */
const ANSWERED = { wait_end_of_query: 1 } as const

/**
 * The attempts are one block: only then is an insert that is sent twice recognized as a whole. Traces of many days have a partition
 * for each.
 */
const ONE_BLOCK = {
  ...ANSWERED,
  max_insert_threads: '1',
  input_format_parquet_preserve_order: 1,
  min_insert_block_size_rows: String(2 * MAX_ATTEMPTS),
  min_insert_block_size_bytes: '0',
  max_insert_block_size: String(2 * MAX_ATTEMPTS),
  max_partitions_per_insert_block: '0',
} as const

/**
 * Replaces rows with the same key, so the server need not look for repeated inserts; the same row may be right again later. ClickHouse
 * 26.7 looks for them all the same, unless each insert has a token of its own.
 */
const REPLACING = { ...ANSWERED, insert_deduplicate: 0 } as const

/**
 * Sends a parcel. It can be sent again: nothing is counted twice.
 * @throws the errors of `serverFault`
 */
export async function sendParcel(server: Server, { uuid }: SessionName, parcel: Parcel): Promise<void> {
  for (const rows of parcel.entities) await sendRows(server, rows)
  if (parcel.attempts !== null) {
    const { range, parts } = parcel.attempts
    const token = `${uuid}:${range.first}-${range.last}`
    await server.insert(insertInto(ATTEMPTS_TABLE, 'Parquet'), Readable.from(parts), {
      settings: { ...ONE_BLOCK, insert_deduplication_token: token },
    })
  }
  for (const rows of parcel.rows) await sendRows(server, rows)
  await sendRows(server, parcel.session)
}

async function sendRows(server: Server, { table, buffer }: EncodedRows): Promise<void> {
  const bytes = Readable.from([writtenBytes(buffer)])
  const settings = { ...REPLACING, insert_deduplication_token: randomUUID() }
  await server.insert(insertInto(table, 'RowBinary'), bytes, { settings })
}

function insertInto(table: FleetTable, format: string): string {
  const columns = insertedColumns(table).map(({ name }) => quoteName(name))
  return `INSERT INTO ${quoteName(table.name)} (${columns.join(', ')}) FORMAT ${format}`
}
