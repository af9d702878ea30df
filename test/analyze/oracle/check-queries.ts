import { join } from 'node:path'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { askTool } from './ask-tool.js'
import { compareRows } from './compare-rows.js'
import { openEngine, type Engine } from './duckdb-engine.js'
import type { Oracle, Scenario } from './oracle.js'
import type { ExactRow } from './read-exact-json.js'

/** The number of CPUs of machines on which tests run. */
const PROCESSES = 2

/** Columns of percentiles: from histograms without --exact */
const APPROXIMATE = /(?:^|_)p\d+(?:_before|_after|_with|_without)?_ns$|^added_ns$/

/** The result of a query, and its differences from that of DuckDB. */
export interface Check {
  readonly rows: number
  readonly differences: readonly string[]
}

/** Exports all sessions of a trace and opens the export in DuckDB. */
export async function exportToEngine(trace: string): Promise<Engine> {
  const parquet = join(makeTemporaryDirectory(), 'trace.parquet')
  const { status, stderr } = await runTool(['export', trace, '--session', 'all', '--format', 'parquet', '-o', parquet])
  if (status !== 0) throw new Error(`export ended with ${status}: ${stderr}`)
  return openEngine(trace, parquet)
}

/**
 * Runs the same queries with the built tool and DuckDB.
 * @returns results by command line
 */
export async function checkQueries(
  { trace, engine }: { readonly trace: string; readonly engine: Engine },
  oracles: readonly Oracle[],
  scenario: Scenario,
): Promise<Map<string, Check>> {
  await engine.focus(scenario)
  const checks = new Map<string, Check>(
    oracles.map(({ args }) => [args.join(' '), { rows: 0, differences: ['not asked'] }]),
  )
  const waiting = oracles.values()
  const workers = Array.from({ length: PROCESSES }, async () => {
    for (const oracle of waiting) {
      const found = await askTool([
        ...oracle.args,
        trace,
        ...(scenario.isFromSums ? [] : ['--exact']),
        ...sessionsFor(oracle, scenario),
        ...scenario.args,
      ])
      const all = await engine.query(oracle.sql(found))
      const expected = scenario.isFromSums ? all.map((row) => withoutEstimates(row, oracle)) : all
      const differences = [
        ...compareRows(found, expected, { key: oracle.key, approximate: scenario.isFromSums ? APPROXIMATE : null }),
        ...checkOrder(found, oracle),
      ]
      checks.set(oracle.args.join(' '), { rows: found.length, differences })
    }
  })
  await Promise.all(workers)
  return checks
}

/** The queries with differences; a test expects that there are none. */
export function differing(checks: ReadonlyMap<string, Check>): Record<string, readonly string[]> {
  const wrong = [...checks].filter(([, { differences }]) => differences.length > 0)
  return Object.fromEntries(wrong.map(([question, { differences }]) => [question, differences]))
}

function withoutEstimates(row: ExactRow, { estimated }: Oracle): ExactRow {
  if (!(estimated instanceof RegExp)) return row
  return Object.fromEntries(Object.entries(row).filter(([name]) => !estimated.test(name)))
}

function sessionsFor({ picksSessions = false }: Oracle, { isNewest = false }: Scenario): string[] {
  return picksSessions || isNewest ? [] : ['--session', 'all']
}

/** Rows with equal values may have any order. */
function checkOrder(found: readonly ExactRow[], { order }: Oracle): string[] {
  if (order === undefined) return []
  const values = found.map((row) => row[order.column] as bigint)
  const at = values.findIndex((value, i) => i > 0 && (order.ascends ? value < values[i - 1]! : value > values[i - 1]!))
  return at === -1 ? [] : [`${order.column} is ${values[at]} below ${values[at - 1]}`]
}
