import type { Database } from 'better-sqlite3'
import type { IdTable } from './column-rules.js'
import type { Copying } from './copy-rows.js'
import type { Pseudonyms } from './pseudonyms.js'
import type { SessionClock } from './session-clock.js'

/** Attempts by id, both ends included. */
export interface AttemptRange {
  readonly first: number
  readonly last: number
}

/** Copies attempts and their names inside SQLite, from the attached original. */
export interface AttemptCopier {
  /** All attempts of a range of ids, which keep their distance */
  copy(attempts: AttemptRange): void
  /** The attempts in the table `temp.picked` */
  copyPicked(): void
}

/** A session that is copied. */
export interface SessionCopy {
  readonly sessionId: number
  readonly clock: SessionClock
  /** Format version of the original */
  readonly version: number
}

/** Name of the attached original */
export const ORIGINAL = 'original'
const PORT_MASK = 65_535

/** Creates the tables that attempts are looked up in. */
export function prepareAttempts(shared: Database, { numbers }: Pseudonyms): void {
  shared.exec(`
    CREATE TEMP TABLE picked (new INTEGER PRIMARY KEY, old INTEGER NOT NULL);
    CREATE TEMP TABLE local_port (port INTEGER PRIMARY KEY, new INTEGER NOT NULL);
    CREATE TEMP TABLE changed_endpoint (id INTEGER PRIMARY KEY, new INTEGER NOT NULL);
    CREATE TEMP TABLE changed_local_address (id INTEGER PRIMARY KEY, new INTEGER NOT NULL);
    CREATE TEMP TABLE changed_dns_name (id INTEGER PRIMARY KEY, new INTEGER NOT NULL);
  `)
  const insert = shared.prepare('INSERT INTO temp.local_port VALUES (?, ?)')
  numbers.localPorts.forEach((renumbered, port) => insert.run(port, renumbered))
}

const CHANGED: readonly IdTable[] = ['endpoint', 'local_address', 'dns_name']

/** Notes which rows of the dictionaries have other ids. Call after these are copied. */
export function noteChangedIds({ shared, ids }: Copying): void {
  for (const table of CHANGED) {
    shared.exec(`DELETE FROM temp.changed_${table}`)
    const insert = shared.prepare(`INSERT INTO temp.changed_${table} VALUES (?, ?)`)
    for (const [id, changed] of ids.changed[table]) insert.run(id, changed)
  }
}

export function createAttemptCopier(copying: Copying, { sessionId, clock, version }: SessionCopy): AttemptCopier {
  const { shared, ids, pseudonyms } = copying
  const { actions } = pseudonyms.treatment
  const columns = `
    ${clock.sql('a.started_ns')}, a.latency_ns, a.outcome, a.errno, a.syn_retransmits, a.flags,
    a.process_id + ${ids.offset('process')}, ${createTidSql(copying, sessionId)}, ${idSql(copying, 'endpoint', 'a.endpoint_id')},
    ${idSql(copying, 'local_address', '(a.local_endpoint >> 16)')} << 16 | ${portSql(actions['local-ports'])}`
  const joins = `${joinSql(copying, 'endpoint', 'a.endpoint_id')} ${joinSql(copying, 'local_address', 'a.local_endpoint >> 16')}
    ${actions['local-ports'] === 'renumbered' ? `CROSS JOIN temp.local_port AS p ON p.port = a.local_endpoint & ${PORT_MASK}` : ''}`
  const session = ids.of('session', BigInt(sessionId))
  const names = `${idSql(copying, 'dns_name', 'd.dns_name_id')}, d.dns_age_ns, ${version < 3 ? 'NULL, 1' : 'd.dns_lookup_ns, d.dns_candidates'}`
  const nameJoin = joinSql(copying, 'dns_name', 'd.dns_name_id')
  const offset = ids.offset('connect_attempt')
  const range = 'BETWEEN @first AND @last'
  const run = (sql: string) => shared.prepare(sql)
  const whole = [
    run(`INSERT INTO main.connect_attempt SELECT a.attempt_id + ${offset}, ${session}, ${columns}
      FROM ${ORIGINAL}.connect_attempt AS a ${joins} WHERE a.attempt_id ${range}`),
    run(`INSERT INTO main.connect_dns SELECT d.attempt_id + ${offset}, ${names}
      FROM ${ORIGINAL}.connect_dns AS d ${nameJoin} WHERE d.attempt_id ${range}`),
    ...natStatements(copying, version, (nat) =>
      run(`INSERT INTO main.connect_nat SELECT n.attempt_id + ${offset}, ${nat}
        FROM ${ORIGINAL}.connect_nat AS n WHERE n.attempt_id ${range}`),
    ),
  ]
  const picked = [
    run(`INSERT INTO main.connect_attempt SELECT k.new, ${session}, ${columns}
      FROM temp.picked AS k CROSS JOIN ${ORIGINAL}.connect_attempt AS a ON a.attempt_id = k.old ${joins}`),
    run(`INSERT INTO main.connect_dns SELECT k.new, ${names}
      FROM temp.picked AS k CROSS JOIN ${ORIGINAL}.connect_dns AS d ON d.attempt_id = k.old ${nameJoin}`),
    ...natStatements(copying, version, (nat) =>
      run(`INSERT INTO main.connect_nat SELECT k.new, ${nat}
        FROM temp.picked AS k CROSS JOIN ${ORIGINAL}.connect_nat AS n ON n.attempt_id = k.old`),
    ),
  ]
  return {
    copy: (attempts) => whole.forEach((statement) => statement.run(attempts)),
    copyPicked: () => picked.forEach((statement) => statement.run()),
  }
}

/** For the other addresses of attempts, which traces before format 8 do not have. */
function natStatements<T>({ ids }: Copying, version: number, make: (columns: string) => T): T[] {
  if (version < 8) return []
  const moved = (id: string) =>
    `ifnull((SELECT new FROM temp.changed_endpoint WHERE id = ${id}), ${id} + ${ids.offset('endpoint')})`
  return [make(`${moved('n.nat_endpoint_id')}, ${moved('n.service_endpoint_id')}`)]
}

/** The new id; without changed rows no lookup is needed. */
function idSql({ ids }: Copying, table: IdTable, id: string): string {
  const moved = `(${id} + ${ids.offset(table)})`
  return ids.changed[table].size === 0 ? moved : `ifnull(c_${table}.new, ${moved})`
}

function joinSql({ ids }: Copying, table: IdTable, id: string): string {
  return ids.changed[table].size === 0 ? '' : `LEFT JOIN temp.changed_${table} AS c_${table} ON c_${table}.id = ${id}`
}

function portSql(action: string): string {
  if (action === 'dropped') return '0'
  return action === 'kept' ? `(a.local_endpoint & ${PORT_MASK})` : 'p.new'
}

/** Threads get numbers like processes, so that a main thread keeps that of its process. */
function createTidSql({ db, shared, pseudonyms }: Copying, sessionId: number): string {
  const action = pseudonyms.treatment.actions.pids
  if (action === 'kept') return 'a.tid_delta'
  if (action === 'dropped') return '0'
  const rows = db.prepare('SELECT process_id, ifnull(pid, 0) FROM process WHERE session_id = ?').raw().all(sessionId)
  const pids = new Map(rows as [number, number][])
  const { pid: renumber } = pseudonyms.numbers
  const known = new Map<number, number>()
  const renumbered = (pid: number) => {
    const result = known.get(pid) ?? (pid === 0 ? 0 : Number(renumber(BigInt(pid))))
    known.set(pid, result)
    return result
  }
  shared.function('renumbered_tid', { deterministic: true }, (processId: number, delta: number) => {
    const pid = pids.get(processId) ?? 0
    return renumbered(pid + delta) - renumbered(pid)
  })
  return 'CASE WHEN a.tid_delta = 0 THEN 0 ELSE renumbered_tid(a.process_id, a.tid_delta) END'
}
