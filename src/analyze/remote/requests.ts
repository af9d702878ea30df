import type { Database } from 'better-sqlite3'
import type { AttemptFilters } from '../scan/attempt-filters.js'
import type { IdRange } from '../scan/plan-scan.js'
import type { RemoteParts, RemoteSession } from '../scan/remote-parts.js'
import { ALL_ATTEMPTS, attemptConditions, type AttemptConditions } from './attempt-conditions.js'
import { contains, joinRanges, without } from './id-ranges.js'
import { describeLeftOut } from './left-out.js'
import { createCounts } from './count-attempts.js'
import { loadAttempts, type WantedAttempts } from './load-attempts.js'
import { loadSums, type WantedSums } from './load-sums.js'
import { LAZY_TABLES, loadTable, NEEDED, type LazyTable } from './load-tables.js'
import type { RemoteSessionState, RemoteState } from './remote-state.js'

/** Attempts that were requested with the same conditions. */
interface AttemptRequests {
  readonly conditions: AttemptConditions
  readonly loaded: Map<number, IdRange[]>
  wanted: Map<number, IdRange[]>
}

/** The parts of a temporary trace: what it has, and what its readers request. */
export interface Requests extends RemoteParts {
  /** Makes the tables that are not loaded report that something reads them. */
  watch(db: Database): void
  /** Loads what was requested. @returns whether there was anything */
  load(): Promise<boolean>
  /** Attempts that the server lacks, by session */
  readonly missing: ReadonlyMap<RemoteSessionState, number>
}

const WATCH = 'tcpconn_request'

export function createRequests(state: RemoteState): Requests {
  const loadedTables = new Set<LazyTable>()
  const wantedTables = new Set<LazyTable>()
  const loadedSums = new Set<string>()
  const wantedSums = new Map<string, WantedSums>()
  const attempts = new Map<string, AttemptRequests>()
  const counts = createCounts(state)
  const missing = new Map<RemoteSessionState, number>()
  const requestsOf = (conditions: AttemptConditions): AttemptRequests => {
    const key = JSON.stringify(conditions, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
    const known = attempts.get(key) ?? { conditions, loaded: new Map(), wanted: new Map() }
    attempts.set(key, known)
    return known
  }
  const has = (sessionId: number, ids: IdRange, conditions: AttemptConditions): boolean => {
    const own = requestsOf(conditions)
    if ([own, requestsOf(ALL_ATTEMPTS)].some(({ loaded }) => contains(loaded.get(sessionId), ids))) return true
    own.wanted.set(sessionId, [...(own.wanted.get(sessionId) ?? []), ids])
    return false
  }

  return {
    missing,
    leftOut: describeLeftOut(state.selection.leftOut),
    sessions: new Map(state.sessions.map(describeSession)),
    hasSums(dimension, { first, last }) {
      const key = `${dimension} ${first} ${last}`
      if (loadedSums.has(key)) return true
      wantedSums.set(key, { dimension, first, last })
      return false
    },
    hasAttempts: (sessionId, ids, filters: AttemptFilters) =>
      has(sessionId, ids, attemptConditions(filters, state.selection)),
    hasInexactTail: counts.hasInexactTail,
    namedAttempts: counts.namedAttempts,
    watch: (db) => watchTables(db, loadedTables, wantedTables),
    async load() {
      const wanted = [...attempts.values()].filter((one) => one.wanted.size > 0)
      const sums = [...wantedSums.values()]
      const areCounted = await counts.load()
      if (wantedTables.size + sums.length + wanted.length === 0) return areCounted
      state.db.exec('BEGIN')
      await loadTables(state, loadedTables, tablesFor(wantedTables, sums, wanted.length > 0))
      await loadSums(state, sums)
      for (const request of wanted) await loadRequested(state, request, missing)
      state.db.exec('COMMIT')
      for (const key of wantedSums.keys()) loadedSums.add(key)
      for (const one of [wantedTables, wantedSums]) one.clear()
      return true
    },
  }
}

/** Where a session comes from, by its id in the temporary trace. */
function describeSession({ ids, found, endpointCount }: RemoteSessionState): [number, RemoteSession] {
  const { host, uuid, offsets } = ids
  const names = { host, uuid, sessionId: found.sessionId, attemptIdOffset: -offsets.connect_attempt }
  return [ids.sessionId, { ...names, endpointCount }]
}

/** Makes each table that is not loaded report the first statement that reads it. */
function watchTables(db: Database, loaded: ReadonlySet<LazyTable>, wanted: Set<LazyTable>): void {
  const report = (table: unknown) => {
    wanted.add(table as LazyTable)
    return 1
  }
  // SQLite evaluates a constant condition once, also if the table is empty.
  db.function(WATCH, { deterministic: true }, report)
  for (const table of LAZY_TABLES.filter((one) => !loaded.has(one))) {
    db.exec(`CREATE TEMP VIEW ${table} AS SELECT * FROM main.${table} WHERE ${WATCH}('${table}')`)
  }
}

/** Loads those of the tables that are not loaded. */
async function loadTables(state: RemoteState, loaded: Set<LazyTable>, tables: readonly LazyTable[]): Promise<void> {
  const missing = tables.filter((table) => !loaded.has(table))
  await Promise.all(missing.filter((table) => !isLate(table)).map((table) => loadTable(state, table)))
  await Promise.all(missing.filter(isLate).map((table) => loadTable(state, table)))
  for (const table of missing) loaded.add(table)
}

/** Loads requested attempts, and notes how many the server lacks. */
async function loadRequested(
  state: RemoteState,
  request: AttemptRequests,
  missing: Map<RemoteSessionState, number>,
): Promise<void> {
  const ranges = [...request.wanted].map(([sessionId, ids]): WantedAttempts => ({
    session: state.sessions[sessionId - 1] as RemoteSessionState,
    ranges: without(joinRanges(ids), request.loaded.get(sessionId) ?? []),
  }))
  const lacking = await loadAttempts(state, ranges, request.conditions)
  for (const [session, count] of lacking) missing.set(session, Math.max(count, missing.get(session) ?? 0))
  for (const [sessionId, ids] of request.wanted) {
    request.loaded.set(sessionId, joinRanges([...(request.loaded.get(sessionId) ?? []), ...ids]))
  }
  request.wanted = new Map()
}

/** Whether rows of a table refer to ids that are known when another table is loaded. */
function isLate(table: LazyTable): boolean {
  return table === 'dns_lookup' || table === 'dns_address'
}

/** What is read sooner or later with the requested parts, and what their ids need, in the order of loading. */
function tablesFor(requested: ReadonlySet<LazyTable>, sums: readonly WantedSums[], hasAttempts: boolean): LazyTable[] {
  const tables = new Set(requested)
  const ofProcesses = sums.some(({ dimension }) => dimension === 'process')
  const ofEndpoints = sums.some(({ dimension }) => dimension === 'endpoint')
  if (ofProcesses) tables.add('process')
  if (ofProcesses || ofEndpoints || hasAttempts) tables.add('endpoint')
  if (hasAttempts) for (const table of ['local_address', 'dns_name'] as const) tables.add(table)
  for (const table of tables) for (const needed of NEEDED[table] ?? []) tables.add(needed)
  return LAZY_TABLES.filter((table) => tables.has(table))
}
