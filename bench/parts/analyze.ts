import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchOptions, Goal } from '../goal.js'
import { CLI, DUCKDB_QUERY } from '../paths.js'
import { printTable } from '../print-table.js'
import type { Usage } from '../run-measured.js'
import { formatSpread, spreadOf } from '../statistics.js'
import { TRACES, makeTrace } from '../traces/cached-trace.js'
import { peakOf, runInTurn, secondsOf, type Contest } from './contest.js'
import { ESTABLISHED, FAILED, percentiles } from './duckdb-sql.js'
import { measureRawScans } from './raw-scans.js'

const QUERIES = ['top-endpoints', 'by-uid', 'timeline', 'summary'] as const

/** SQL that a user would type into the sqlite3 shell. SQLite has percentiles only if it was built with them. */
const SHELL_SQL = `SELECT remote_address, remote_port, count(*), avg(latency_ns) FROM connects
  GROUP BY remote_address, remote_port ORDER BY 3 DESC LIMIT 20`

/** The same queries in DuckDB's SQL, over the exported file. */
const DUCKDB_SQL: Record<(typeof QUERIES)[number], (file: string) => string> = {
  'top-endpoints': (file) => `SELECT remote_address, remote_port, count(*), ${FAILED}, ${percentiles([0.5, 0.9, 0.99])},
    max(latency_ns) ${ESTABLISHED}, sum(syn_retransmits) FROM '${file}' GROUP BY ALL ORDER BY 3 DESC LIMIT 20`,
  'by-uid': (file) => `SELECT "user", uid, count(*), count(DISTINCT (remote_address, remote_port)),
    count(DISTINCT (pid, process_start_ns)), ${FAILED}, ${percentiles([0.5, 0.99])} FROM '${file}' GROUP BY ALL`,
  timeline: (file) => `SELECT started_ns // 30000000000, count(*), ${FAILED}, ${percentiles([0.5, 0.99])}
    FROM '${file}' GROUP BY ALL ORDER BY 1`,
  summary: (file) => `SELECT count(*), ${FAILED}, min(started_ns), max(started_ns), mode((remote_address, remote_port)),
    mode("user"), mode(pid), ${percentiles([0.5, 0.99])} FROM '${file}'`,
}

/** A whole page. */
const report = (trace: string): Contest => ({
  what: `tcpconn report ${trace}`,
  command: [process.execPath, CLI, 'report', trace, '-o', '/dev/null'],
})

/** Runs whole processes with the same queries, one after the other. */
export async function measureAnalyze({ isQuick, rounds }: BenchOptions): Promise<Goal[]> {
  const [few, many] = isQuick ? [1, 3] : [10, 30]
  const [trace, larger] = [makeTrace(few), makeTrace(many)]
  const parquet = join(TRACES, `${few}M.parquet`)
  if (!existsSync(parquet))
    execFileSync(process.execPath, [CLI, 'export', trace, '--format', 'parquet', '-o', parquet, '-q'])
  const tool = (...args: string[]): Contest => ({
    what: `tcpconn analyze ${args.join(' ')}`,
    command: [process.execPath, CLI, 'analyze', ...args],
  })
  const contests: Contest[] = [
    ...QUERIES.flatMap((name) => [
      tool(name, trace),
      tool(name, larger),
      { what: `DuckDB ${name} on Parquet`, command: [process.execPath, DUCKDB_QUERY, DUCKDB_SQL[name](parquet)] },
    ]),
    tool('top-endpoints', trace, '--outcome', 'established'),
    tool('top-endpoints', trace, '--uid', '3'),
    tool('top-endpoints', trace, '--exact'),
    tool('top-endpoints', trace, '--last', '1m'),
    tool('top-endpoints', larger, '--last', '1m'),
    report(trace),
    { what: 'sqlite3 shell, count and average', command: ['sqlite3', trace, SHELL_SQL] },
  ]
  const usages = await runInTurn(contests, rounds)
  print(`## analyze: ${few} M and ${many} M attempts, whole processes, ${rounds} rounds`, contests, usages)
  const raw = await measureRawScans(trace, parquet, rounds)
  return [...goalsOf(contests, usages, { trace, larger, few }), ...raw]
}

function print(title: string, contests: readonly Contest[], usages: readonly (readonly Usage[])[]): void {
  const rows = contests.map(({ what }, i) => [
    what.replaceAll(`${TRACES}/`, ''),
    formatSpread(secondsOf(usages[i] ?? []), 2, 's'),
    `${Math.round(peakOf(usages[i] ?? []) / 1e6)} MB`,
  ])
  printTable(title, ['command', 'time', 'peak memory'], rows)
}

function goalsOf(
  contests: readonly Contest[],
  usages: readonly (readonly Usage[])[],
  { trace, larger, few }: { trace: string; larger: string; few: number },
): Goal[] {
  const find = (what: string) => usages[contests.findIndex((contest) => contest.what === what)] ?? []
  const time = (what: string, wanted: number, command = 'tcpconn analyze'): Goal => {
    const measured = secondsOf(find(`${command} ${what}`)).median
    return { what: what.replaceAll(`${TRACES}/`, ''), unit: 's', wanted, measured, digits: 2 }
  }
  const scan = `top-endpoints ${trace} --outcome established`
  // The cost of a time range does not depend on the rest of the trace.
  const lastMinute = secondsOf(find(`tcpconn analyze top-endpoints ${trace} --last 1m`)).median
  return [
    ...QUERIES.flatMap((name) => {
      const duckdb = secondsOf(find(`DuckDB ${name} on Parquet`)).median
      return [
        time(`${name} ${trace}`, 0.3),
        time(`${name} ${larger}`, 0.39),
        { ...time(`${name} ${trace}`, Number(duckdb.toFixed(2))), what: `${name} ${few} M, against DuckDB` },
      ]
    }),
    {
      what: `summary, against top-endpoints, ${few} M`,
      unit: 'times',
      wanted: 1.3,
      measured: spreadOf(
        find(`tcpconn analyze summary ${trace}`).map(
          ({ elapsedMs }, round) =>
            elapsedMs / (find(`tcpconn analyze top-endpoints ${trace}`)[round]?.elapsedMs ?? NaN),
        ),
      ).median,
      digits: 2,
    },
    time(scan, 1.5),
    {
      what: 'raw scan, peak memory',
      unit: 'MB',
      wanted: 150,
      measured: peakOf(find(`tcpconn analyze ${scan}`)) / 1e6,
      digits: 0,
    },
    { ...time(trace, 1, 'tcpconn report'), what: `report, ${few} M` },
    time(`top-endpoints ${trace} --exact`, 2),
    time(`top-endpoints ${larger} --last 1m`, Number((1.3 * lastMinute).toFixed(2))),
  ]
}
