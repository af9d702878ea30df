import { setImmediate } from 'node:timers/promises'
import { createParquetWriter } from '../analyze/export/parquet/parquet-writer.js'
import type { Compress } from '../analyze/export/parquet/zstd.js'
import type { AttemptRows } from '../analyze/export/rows/attempt-rows.js'
import type { AttemptTable } from '../analyze/export/rows/attempt-table.js'
import type { IdRange } from '../analyze/scan/plan-scan.js'
import { damagedTrace } from '../store/check-trace.js'

/** Entities of attempts, and the column of `AttemptRows` with their numbers. */
const ENTITIES = ['process', 'endpoint', 'localAddress', 'dnsName', 'natEndpoint', 'serviceEndpoint'] as const

export type EntityIds = Readonly<Record<(typeof ENTITIES)[number], readonly number[]>>

/** Attempts as a Parquet file, and the ids of their entities. */
export interface EncodedAttempts {
  readonly range: IdRange
  readonly parts: readonly Uint8Array[]
  readonly count: number
  readonly ids: EntityIds
}

/**
 * Encodes the attempts of a range of ids as one row group. Other work can run in between.
 * @param table of one session, with the restoring columns
 * @param path of the trace, for errors
 * @throws E_DAMAGED_TRACE
 */
export async function encodeAttempts(
  table: AttemptTable,
  range: IdRange,
  compress: Compress,
  path: string,
): Promise<EncodedAttempts> {
  const writer = createParquetWriter(table.columns, { metadata: new Map(), compress })
  const collect = createCollector(table)
  const parts: Uint8Array[] = []
  let count = 0
  for (const rows of table.read({ scanned: 0, total: 0 }, range)) {
    requireKnown(rows, path)
    collect.add(rows)
    parts.push(...writer.add(table.batchOf(rows)))
    count += rows.count
    await setImmediate()
  }
  parts.push(...writer.finish())
  return { range, parts, count, ids: collect.ids }
}

/** ClickHouse would store other values than the trace has. */
function requireKnown({ count, outcome, flags }: AttemptRows, path: string): void {
  for (let i = 0; i < count; i++) {
    const [code, bits] = [outcome[i] as number, flags[i] as number]
    if (code < 0) throw damagedTrace(path, new Error('an attempt has an outcome that does not exist'))
    if (bits < 0 || bits > 127) throw damagedTrace(path, new Error(`an attempt has the flags ${bits}`))
  }
}

function createCollector({ entities }: AttemptTable) {
  const ids = Object.fromEntries(ENTITIES.map((entity) => [entity, [] as number[]])) as Record<
    (typeof ENTITIES)[number],
    number[]
  >
  const seen = ENTITIES.map((entity) => new Uint8Array(entities.ids[entity].length))
  return {
    ids,
    add(rows: AttemptRows) {
      for (const [i, entity] of ENTITIES.entries()) {
        const [numbers, known, found, idOf] = [rows[entity], seen[i]!, ids[entity], entities.ids[entity]]
        for (let row = 0; row < rows.count; row++) {
          const number = numbers[row] as number
          if (number < 0 || known[number] === 1) continue
          known[number] = 1
          found.push(idOf[number] as number)
        }
      }
    },
  }
}
