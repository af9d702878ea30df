import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadZstd } from '../../src/analyze/export/parquet/zstd.js'
import { createAttemptTable } from '../../src/analyze/export/rows/attempt-table.js'
import { RESTORING_COLUMNS } from '../../src/analyze/export/rows/restoring-columns.js'
import { withTraces } from '../../src/analyze/scan/trace.js'
import { NO_ATTEMPT_FILTERS } from '../../src/analyze/scan/attempt-filters.js'
import { ATTEMPTS_TABLE } from '../../src/fleet/attempts-table.js'
import { insertedColumns } from '../../src/fleet/fleet-table.js'
import { encodeAttempts } from '../../src/push/encode-attempts.js'
import { MAX_ATTEMPTS } from '../../src/push/find-batches.js'
import { readSources } from '../../src/push/session-source.js'
import { startClickhouse, type ClickhouseServer } from '../../test/support/clickhouse-server.js'
import type { BenchOptions, Goal } from '../goal.js'
import { CLI, withDirectory } from '../paths.js'
import { printTable } from '../print-table.js'
import { startMeasured, type Usage } from '../run-measured.js'
import { formatSpread, spreadOf } from '../statistics.js'
import { makeTrace } from '../traces/cached-trace.js'
import { peakOf } from './contest.js'

const [MIN_SHARE, MAX_MB] = [0.8, 120]

/**
 * Rows per second and memory of `push`, and of the server that imports the same Parquet by itself, in turn. `push` also sends windows,
 * batches and entities.
 */
export async function measurePush({ isQuick, rounds }: BenchOptions): Promise<Goal[]> {
  const millions = isQuick ? 1 : 4
  const trace = makeTrace(millions)
  return withDirectory(async (directory) => {
    const parquet = join(directory, 'parquet')
    mkdirSync(parquet)
    await writeParquet(trace, parquet)
    await using server = await startClickhouse()
    const usages: Usage[] = []
    const imports: number[] = []
    for (let round = 0; round < rounds; round++) {
      await server.query('DROP DATABASE IF EXISTS fleet SYNC')
      await server.migrate()
      usages.push(await (await startMeasured([process.execPath, CLI, 'push', trace, ...server.options('--to')])).ended)
      await server.query('CREATE TABLE fleet.copy AS fleet.attempts')
      imports.push(await timeImport(server, parquet))
    }
    const rateOf = (elapsedMs: number) => (millions * 1000) / elapsedMs
    const rates = [usages.map(({ elapsedMs }) => rateOf(elapsedMs)), imports.map(rateOf)]
    const shares = imports.map((elapsedMs, round) => elapsedMs / (usages[round]?.elapsedMs ?? NaN))
    const peakMb = peakOf(usages) / 1e6
    printTable(
      `## push: ${millions} M attempts, ${rounds} rounds in turn`,
      ['', 'rate', 'peak memory of the client'],
      [
        ['tcpconn push', formatSpread(spreadOf(rates[0] ?? []), 2, 'M rows/s'), `${Math.round(peakMb)} MB`],
        ['ClickHouse, its own import', formatSpread(spreadOf(rates[1] ?? []), 2, 'M rows/s'), ''],
      ],
    )
    return [
      {
        what: 'push, against the import of the server',
        unit: 'times',
        wanted: MIN_SHARE,
        measured: spreadOf(shares).median,
        digits: 2,
        isMinimum: true,
      },
      { what: 'push, peak memory', unit: 'MB', wanted: MAX_MB, measured: peakMb, digits: 0 },
    ]
  })
}

/** The files that a push of a trace with one session sends. */
async function writeParquet(path: string, directory: string): Promise<void> {
  const compress = await loadZstd()
  await withTraces([path], async ([trace]) => {
    const [source] = readSources(trace!, Date.now())
    const table = createAttemptTable(
      { parts: [source!.part], filters: NO_ATTEMPT_FILTERS, isExact: false },
      32_768,
      RESTORING_COLUMNS,
    )
    for (let first = 1; ; first += MAX_ATTEMPTS) {
      const { count, parts } = await encodeAttempts(table, { first, last: first + MAX_ATTEMPTS - 1 }, compress, path)
      if (count === 0) return
      writeFileSync(join(directory, `${first}.parquet`), Buffer.concat(parts))
    }
  })
}

/** @returns ms */
async function timeImport(server: ClickhouseServer, directory: string): Promise<number> {
  const columns = insertedColumns(ATTEMPTS_TABLE).map(({ name }) => name)
  const startedMs = performance.now()
  await server.query(
    `INSERT INTO fleet.copy (${columns.join(', ')}) SELECT ${columns.map((name) => (OPTIONAL.includes(name) ? `ifNull(${name}, 0)` : name)).join(', ')}
     FROM file('${directory}/*.parquet', Parquet)`,
  )
  return performance.now() - startedMs
}

/** NULL in Parquet, 0 in the table */
const OPTIONAL = ['flags', 'dns_name_id', 'nat_endpoint_id', 'service_endpoint_id']
