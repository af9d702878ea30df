import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import Database, { type Database as Connection } from 'better-sqlite3'
import type { BenchOptions, Goal } from '../goal.js'
import { withDirectory } from '../paths.js'
import { printTable } from '../print-table.js'
import { formatSpread, spreadOf } from '../statistics.js'
import { makeTrace } from '../traces/cached-trace.js'

/** Containers that had the address of every second endpoint one after the other. */
const OWNERS_OF_ADDRESS = 4
/** The view as it was before it had the owners of addresses. */
const BEFORE = 'connects_before'
const QUERIES = [
  ['remote_address', BEFORE],
  ['container_name', BEFORE],
  ['remote_address', 'connects'],
  ['container_name', 'connects'],
  ['remote_container', 'connects'],
] as const

/** CPU time of counts by the columns of containers in the view `connects`, and in the view without the owners of addresses. */
export async function measureOwners({ isQuick, rounds }: BenchOptions): Promise<Goal[]> {
  const millions = 1
  return withDirectory(async (directory) => {
    const trace = join(directory, 'owners.db')
    copyFileSync(makeTrace(millions), trace)
    const db = new Database(trace)
    try {
      addOwners(db)
      addViewBefore(db)
      const times = QUERIES.map((): number[] => [])
      for (let round = 0; round < (isQuick ? 1 : rounds); round++)
        for (const [i, [column, view]] of QUERIES.entries()) times[i]?.push(timeCount(db, column, view))
      const rows = QUERIES.map(([column, view], i) => [
        column,
        view === BEFORE ? 'without owners of addresses' : 'connects',
        formatSpread(spreadOf(times[i] ?? []), 2, 's'),
        formatSpread(spreadOf((times[i] ?? []).map((time, round) => time / (times[0]?.[round] ?? NaN))), 2, 'times'),
      ])
      const named = db.prepare('SELECT 100 * count(remote_container) / count(*) FROM connects').pluck().get()
      printTable(
        `## owners: ${millions} M attempts, ${String(named)}% to a container`,
        ['SELECT count(*) … GROUP BY', 'view', 'CPU time', 'against the first'],
        rows,
      )
    } finally {
      db.close()
    }
    return []
  })
}

function timeCount(db: Connection, column: string, view: string): number {
  const before = process.cpuUsage()
  db.prepare(`SELECT ${column}, count(*) FROM ${view} GROUP BY 1`).all()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/** Adds containers: one for each cgroup, and those that had the address of every second endpoint. */
function addOwners(db: Connection): void {
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
}

/** Removes the two columns of owners, which are the last ones, and their join. */
function addViewBefore(db: Connection): void {
  const text = db.prepare("SELECT sql FROM sqlite_schema WHERE name = 'connects'").pluck().get() as string
  const before = text
    .replace(/^CREATE VIEW connects/, `CREATE TEMP VIEW ${BEFORE}`)
    .replace(/,\s*CASE WHEN r\.pod_name[\s\S]*AS remote_pod/, '')
    .replace(/LEFT JOIN container AS r [\s\S]*$/, '')
  if (/\b[rw]\.\w/.test(before)) throw new Error('the view connects has changed: this part of the bench is out of date')
  db.exec(before)
}
