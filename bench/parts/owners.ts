import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { BenchOptions, Goal } from '../goal.js'
import { CLI, withDirectory } from '../paths.js'
import { printTable } from '../print-table.js'
import { formatSpread, spreadOf } from '../statistics.js'
import { makeTrace } from '../traces/cached-trace.js'
import { runInTurn, secondsOf } from './contest.js'

/** Containers that had the address of every second endpoint one after the other. */
const OWNERS_OF_ADDRESS = 4
const COLUMNS = ['remote_address', 'container_name', 'remote_container'] as const

/** Time of a query by the columns of containers, beside the same query by an address, as whole processes. */
export async function measureOwners({ isQuick, rounds }: BenchOptions): Promise<Goal[]> {
  const millions = isQuick ? 1 : 3
  return withDirectory(async (directory) => {
    const trace = join(directory, 'owners.db')
    copyFileSync(makeTrace(millions), trace)
    const named = addOwners(trace)
    const usages = await runInTurn(
      COLUMNS.map((column) => ({
        what: column,
        command: [process.execPath, CLI, 'analyze', 'sql', sqlOf(column), trace],
      })),
      rounds,
    )
    const [plain = [], ...others] = usages
    const rows = [plain, ...others].map((own, i) => {
      const ratio = spreadOf(own.map(({ elapsedMs }, round) => elapsedMs / (plain[round]?.elapsedMs ?? NaN)))
      return [COLUMNS[i] ?? '', formatSpread(secondsOf(own), 2, 's'), formatSpread(ratio, 2, 'times')]
    })
    printTable(
      `## owners: ${millions} M attempts, ${named}% to a container`,
      ['SELECT count(*) … GROUP BY', 'time', 'against remote_address'],
      rows,
    )
    return []
  })
}

function sqlOf(column: (typeof COLUMNS)[number]): string {
  return `SELECT ${column}, count(*) FROM connects GROUP BY 1`
}

/** Adds containers: one for each cgroup, and those that had the address of every second endpoint. @returns attempts to them, in percent */
function addOwners(trace: string): number {
  const db = new Database(trace)
  try {
    db.exec(`
      INSERT INTO container (container_key, session_id, container_id, runtime_name, container_name)
        SELECT cgroup_id, session_id, printf('%064x', cgroup_id), 'docker', 'web-' || cgroup_id FROM cgroup;
      UPDATE cgroup SET container_key = cgroup_id;
      CREATE TEMP TABLE owner AS
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${OWNERS_OF_ADDRESS})
        SELECT row_number() OVER () + (SELECT max(container_key) FROM container) AS key, s.session_id AS session_id,
          e.remote_address AS address, s.duration_ns * i / ${OWNERS_OF_ADDRESS} AS since_ns
        FROM session AS s, endpoint AS e, n WHERE e.endpoint_id % 2 = 0;
      INSERT INTO container (container_key, session_id, container_id, runtime_name, container_name)
        SELECT key, session_id, printf('%064x', key), 'docker', 'shop-' || key FROM owner;
      INSERT INTO container_address (session_id, address, since_ns, container_key)
        SELECT session_id, address, since_ns, key FROM owner`)
    const count = db.prepare('SELECT round(100.0 * count(remote_container) / count(*)) FROM connects').pluck()
    return Number(count.get())
  } finally {
    db.close()
  }
}
