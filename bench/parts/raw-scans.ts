import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Goal } from '../goal.js'
import { CLI, DUCKDB_QUERY } from '../paths.js'
import { printTable } from '../print-table.js'
import type { Usage } from '../run-measured.js'
import { formatSpread, spreadOf, type Spread } from '../statistics.js'
import { ESTABLISHED, FAILED, percentiles } from './duckdb-sql.js'
import { peakOf, runInTurn, secondsOf, type Contest } from './contest.js'

const PEAK_MB = 200
/** Rows that a terminal shows. */
const LIMIT = 'LIMIT 20'

/** A query that must read every attempt, and the equivalent condition on the exported rows. */
interface RawScan {
  readonly args: readonly string[]
  readonly where: string
  /** The outcomes of the latency statistics, if not established */
  readonly covers?: string
}

/** In ns of Unix time: 200 s and 700 s after the beginning of a generated trace. */
const [SINCE, UNTIL] = ['1750000200123456789', '1750000700123456789']

const SCANS: readonly RawScan[] = [
  { args: [], where: '' },
  { args: ['--port', '443'], where: 'WHERE remote_port = 443' },
  { args: ['--pid', '10003'], where: 'WHERE pid = 10003' },
  { args: ['--comm', 'worker-3'], where: "WHERE comm = 'worker-3'" },
  { args: ['--outcome', 'established'], where: "WHERE outcome = 'established'" },
  { args: ['--outcome', 'failed'], where: "WHERE outcome NOT IN ('established', 'pending')", covers: '' },
  { args: ['--min-latency', '5ms'], where: 'WHERE latency_ns >= 5000000' },
  { args: ['--since', '+200s', '--until', '+700s'], where: `WHERE started_ns >= ${SINCE} AND started_ns < ${UNTIL}` },
]

/**
 * Exact results from every attempt, by tcpconn and by DuckDB from Parquet: the exported file, and a copy that DuckDB's
 * COPY makes of it. The faster of both counts in each round.
 */
export async function measureRawScans(trace: string, exported: string, rounds: number): Promise<Goal[]> {
  const copied = exported.replace(/\.parquet$/, '-copied.parquet')
  if (!existsSync(copied)) askDuckdb(`COPY (SELECT * FROM '${exported}') TO '${copied}' (COMPRESSION zstd)`)
  const contests = SCANS.flatMap((scan) => {
    requireSameAnswer(scan, trace, exported)
    return [ours(scan, trace), duckdb(scan, exported, 'exported'), duckdb(scan, copied, 'copied')]
  })
  const usages = await runInTurn(contests, rounds)
  const results = SCANS.map((scan, i) => {
    const [own = [], ...others] = usages.slice(3 * i, 3 * i + 3)
    return { name: nameOf(scan), own, others, ratio: ratioOf(own, others) }
  })
  const rows = results.map(({ name, own, others, ratio }) => [
    name,
    ...[own, ...others].map((of) => formatSpread(secondsOf(of), 2, 's')),
    formatSpread(ratio, 2, 'times'),
    ...[own, others.flat()].map((of) => `${Math.round(peakOf(of) / 1e6)} MB`),
  ])
  const heads = ['top-endpoints --exact', 'tcpconn', 'DuckDB, exported', 'DuckDB, copied', 'against the faster']
  printTable('### raw scans, exact', [...heads, 'peak memory', 'of DuckDB'], rows)
  return [
    ...results.map(({ name, ratio }) => {
      return { what: `${name}, against DuckDB`, unit: 'times', wanted: 1, measured: ratio.median, digits: 2 }
    }),
    {
      what: 'raw scans, peak memory',
      unit: 'MB',
      wanted: PEAK_MB,
      measured: Math.max(...results.map(({ own }) => peakOf(own) / 1e6)),
      digits: 0,
    },
  ]
}

function nameOf({ args }: RawScan): string {
  return ['--exact', ...args].join(' ')
}

function ours({ args }: RawScan, trace: string): Contest {
  return {
    what: `tcpconn --exact ${args.join(' ')}`,
    command: [process.execPath, CLI, 'analyze', 'top-endpoints', trace, '--exact', ...args],
  }
}

function duckdb(scan: RawScan, file: string, kind: string): Contest {
  return { what: `DuckDB, ${kind}`, command: [process.execPath, DUCKDB_QUERY, sqlOf(scan, file, LIMIT)] }
}

function sqlOf({ where, covers = ESTABLISHED }: RawScan, file: string, limit: string): string {
  return `SELECT remote_address, remote_port, count(*), ${FAILED}, ${percentiles([0.5, 0.9, 0.99], covers)},
    max(latency_ns) ${covers}, sum(syn_retransmits) FROM '${file}' ${where} GROUP BY ALL ORDER BY 3 DESC ${limit}`
}

/** Of each round, then the spread of these. */
function ratioOf(own: readonly Usage[], others: readonly (readonly Usage[])[]): Spread {
  const fastest = (round: number) => Math.min(...others.map((usages) => usages[round]?.elapsedMs ?? Infinity))
  return spreadOf(own.map(({ elapsedMs }, round) => elapsedMs / fastest(round)))
}

/** Results must be equal: otherwise the times cannot be compared. */
function requireSameAnswer(scan: RawScan, trace: string, exported: string): void {
  const { command } = ours(scan, trace)
  const [program = '', ...args] = [...command, '--format', 'jsonl']
  const columns = ['remote_address', 'remote_port', 'attempts', 'failed', 'p50_ns', 'p90_ns', 'p99_ns', 'max_ns']
  const lines = execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 })
    .split('\n')
    // A short trace may have no attempts in the time of a scan.
    .filter((line) => line !== '')
  const own = lines.map((line) => {
    const row = JSON.parse(line) as Record<string, unknown>
    return [...columns, 'syn_retransmits'].map((name) => String(row[name]))
  })
  const theirs = JSON.parse(askDuckdb(sqlOf(scan, exported, ''), '--json')) as string[][]
  const text = (rows: readonly string[][]) =>
    rows
      .map((row) => row.join(' '))
      .toSorted()
      .join('\n')
  if (text(own) !== text(theirs)) throw new Error(`${nameOf(scan)} and DuckDB give different answers`)
}

function askDuckdb(...args: string[]): string {
  return execFileSync(process.execPath, [DUCKDB_QUERY, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 })
}
