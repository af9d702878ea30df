import { execFileSync } from 'node:child_process'
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchOptions, Goal } from '../goal.js'
import { CLI, DUCKDB_QUERY, withDirectory } from '../paths.js'
import { printTable } from '../print-table.js'
import { startMeasured, type Usage } from '../run-measured.js'
import { formatSpread, spreadOf } from '../statistics.js'
import { makeTrace } from '../traces/cached-trace.js'
import { peakOf } from './contest.js'

/** A program that writes all attempts into a file. */
interface Exporter {
  readonly what: string
  command(out: string): readonly string[]
}

/** Its cost, round by round, and the size of the file. */
interface Exported {
  readonly usages: readonly Usage[]
  readonly bytes: number
}

const GOALS = [
  { format: 'parquet', rate: 2.4, peakMb: 250 },
  { format: 'arrow', rate: 3, peakMb: 150 },
] as const
/** Relative to the memory of DuckDB's COPY. */
const MEMORY_SHARE = 0.2

/**
 * Rows per second, peak memory and size of exports as whole processes, compared with DuckDB's COPY of the same rows
 * from the exported Parquet to Parquet (zstd).
 */
export async function measureExport({ isQuick, rounds }: BenchOptions): Promise<Goal[]> {
  const millions = isQuick ? 1 : 10
  const trace = makeTrace(millions)
  return withDirectory(async (directory) => {
    const source = join(directory, 'source.parquet')
    const ours = GOALS.map(({ format }) => exporterOf(trace, format))
    const [program = '', ...args] = exporterOf(trace, 'parquet').command(source)
    execFileSync(program, args)
    const exporters = [...ours, copierOf(source)]
    const all = await exportInTurn(exporters, join(directory, 'out'), rounds)
    const rates = all.map(({ usages }) => spreadOf(usages.map((usage) => (millions * 1000) / usage.elapsedMs)))
    const rows = exporters.map(({ what }, i) => {
      const { usages, bytes } = all[i] as Exported
      const rate = formatSpread(rates[i] as (typeof rates)[number], 2, 'M rows/s')
      return [what, rate, megabytes(peakOf(usages)), megabytes(bytes)]
    })
    printTable(`## export: ${millions} M attempts, ${rounds} rounds in turn`, ['', 'rate', 'peak memory', 'file'], rows)
    return [
      ...GOALS.flatMap(({ format, rate, peakMb }, i): Goal[] => [
        {
          what: `export, ${format}`,
          unit: 'M rows/s',
          wanted: rate,
          measured: rates[i]?.median ?? NaN,
          digits: 2,
          isMinimum: true,
        },
        {
          what: `export, ${format}, peak memory`,
          unit: 'MB',
          wanted: peakMb,
          measured: peakOf(all[i]?.usages ?? []) / 1e6,
          digits: 0,
        },
      ]),
      ...compareParquet(all[0] as Exported, all.at(-1) as Exported),
    ]
  })
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}

function exporterOf(trace: string, format: string): Exporter {
  const command = [process.execPath, CLI, 'export', trace, '--format', format, '-q', '-o']
  return { what: `tcpconn, ${format}`, command: (out) => [...command, out] }
}

function copierOf(source: string): Exporter {
  const sql = (out: string) => `COPY (SELECT * FROM '${source}') TO '${out}' (FORMAT parquet, COMPRESSION zstd)`
  return { what: 'DuckDB, COPY to Parquet', command: (out) => [process.execPath, DUCKDB_QUERY, sql(out)] }
}

async function exportInTurn(exporters: readonly Exporter[], out: string, rounds: number): Promise<Exported[]> {
  const all = exporters.map(() => ({ usages: [] as Usage[], bytes: 0 }))
  for (let round = 0; round < rounds; round++) {
    for (const [i, exported] of all.entries()) {
      exported.usages.push(await (await startMeasured(exporters[i]?.command(out) ?? [])).ended)
      exported.bytes = statSync(out).size
      rmSync(out)
    }
  }
  return all
}

/** The time of each round, relative to that of DuckDB in the same round. */
function compareParquet(own: Exported, duckdb: Exported): Goal[] {
  const times = own.usages.map(({ elapsedMs }, round) => elapsedMs / (duckdb.usages[round]?.elapsedMs ?? NaN))
  const [what, unit] = ['export, parquet, against DuckDB', 'times']
  const memory = peakOf(own.usages) / peakOf(duckdb.usages)
  return [
    { what: `${what}, time`, unit, wanted: 1, measured: spreadOf(times).median, digits: 2 },
    { what: `${what}, peak memory`, unit, wanted: MEMORY_SHARE, measured: memory, digits: 2 },
  ]
}
