import { setImmediate } from 'node:timers/promises'
import type { Database } from 'better-sqlite3'
import { sqlitePath } from '../../store/open-database.js'
import { hasFilters } from '../scan/attempt-filters.js'
import { isAllTime } from '../scan/clock-segments.js'
import { coverPart, type IdRange } from '../scan/plan-scan.js'
import type { Scope, SessionPart } from '../scan/scope.js'
import type { Trace } from '../scan/trace.js'
import { createAttemptCopier, noteChangedIds, ORIGINAL, prepareAttempts, type AttemptCopier } from './copy-attempts.js'
import { copyChosen } from './copy-chosen.js'
import { chooseAddresses, copyEndpoints, copyLocalAddresses, copyNames } from './copy-dictionaries.js'
import type { Copying } from './copy-rows.js'
import { copyOwners } from './copy-owners.js'
import { copySession, copyTable } from './copy-sessions.js'
import { copyWindows } from './copy-windows.js'
import { noteLocalPorts } from './note-local-ports.js'
import type { Pseudonyms } from './pseudonyms.js'
import { createSharedIds } from './shared-ids.js'
import type { SharedSpan } from './session-clock.js'
import { addLookups, chooseLookups } from './shared-lookups.js'
import { ALL_USED, countUsage, type CollectedUsage, type Usage } from './usage.js'

/** In KiB, instead of 16 MB for each connection */
const SMALL_CACHE = 'cache_size = -1000'
/** Attempts that are copied at once: signals are seen in between. */
const STEP_ATTEMPTS = 250_000

export interface ShareParts {
  readonly scope: Scope
  readonly pseudonyms: Pseudonyms
  /** An empty trace */
  readonly shared: Database
  readonly note: Copying['note']
  /** Without attempts: what share would do */
  readonly isDryRun?: boolean
}

/** Writes what a scope covers of its traces into an empty trace, with pseudonyms. */
export async function shareTrace({ scope, pseudonyms, shared, note, isDryRun = false }: ShareParts): Promise<void> {
  shared.pragma(SMALL_CACHE)
  prepareAttempts(shared, pseudonyms)
  for (const trace of new Set(scope.parts.map((part) => part.trace))) {
    const ofTrace = { ...scope, parts: scope.parts.filter((part) => part.trace === trace) }
    const copying: Copying = { db: trace.db, shared, ids: createSharedIds(shared), pseudonyms, note }
    shared.prepare(`ATTACH ? AS ${ORIGINAL}`).run(sqlitePath(trace.path))
    // All are read or written once, from the beginning to the end.
    for (const db of [trace.db, trace.lookup]) db.pragma(SMALL_CACHE)
    shared.pragma(`${ORIGINAL}.${SMALL_CACHE}`)
    shared.exec('BEGIN')
    await shareParts(copying, trace, ofTrace, isDryRun)
    shared.exec(`COMMIT; DETACH ${ORIGINAL}`)
  }
}

async function shareParts(copying: Copying, trace: Trace, scope: Scope, isDryRun: boolean): Promise<void> {
  const { minAttempts } = copying.pseudonyms.treatment
  const isReduced = hasFilters(scope.filters) || !scope.parts.every(({ segments }) => isAllTime(segments))
  const usage = hasAll(trace, scope) && !isReduced && minAttempts === 0 ? ALL_USED : collectUsage(scope)
  const merged = copyEndpoints(copying, usage, minAttempts)
  copyLocalAddresses(copying, usage)
  copyNames(copying, usage)
  noteChangedIds(copying)
  const version = trace.db.pragma('user_version', { simple: true }) as number
  for (const part of scope.parts) {
    const { sessionId } = part
    const span = spanOf(part)
    const clock = copySession(copying, { sessionId, span, isReduced })
    const ofSession = { sessionId, clock }
    copyTable(copying, 'process', ofSession, (row) => usage.has('process', Number(row.process_id)))
    const owners = copyOwners(copying, { ...ofSession, span }, { usage, merged })
    copyTable(copying, 'container', ofSession, ({ container_key: key }) => {
      return usage.has('container', Number(key)) || owners.has(Number(key))
    })
    copyTable(copying, 'cgroup', ofSession, (row) => usage.has('cgroup', Number(row.cgroup_id)))
    copyTable(copying, 'dns_lookup', ofSession, chooseLookups(scope.filters, part))
    copyTable(copying, 'dns_address', ofSession, chooseAddresses(usage, merged))
    if (isDryRun) {
      noteLocalPorts(copying, scope, part)
      continue
    }
    const copier = createAttemptCopier(copying, { sessionId, clock, version })
    if (isReduced) {
      await copyChosen(copying, { part, scope, span, clock, copier })
      continue
    }
    copyWindows(copying, { sessionId, clock, version })
    await copyAll(copier, coverPart(part, false).ranges)
  }
}

function hasAll({ db }: Trace, { parts }: Scope): boolean {
  return parts.length === Number(db.prepare('SELECT count(*) FROM session').pluck().get())
}

/** What the attempts and the lookups of a scope refer to. */
function collectUsage(scope: Scope): Usage {
  const usage = countUsage(scope, scope.parts)
  for (const part of scope.parts) {
    addLookups(usage, part, chooseLookups(scope.filters, part))
    addProcesses(usage, part)
    addContainers(usage, part)
  }
  return usage
}

/** Adds all rows of processes with attempts: queries name a process by its first row. */
function addProcesses(usage: CollectedUsage, { trace, sessionId }: SessionPart): void {
  const select = `SELECT process_id, cgroup_id, pid || ' ' || process_start_ns FROM process WHERE session_id = ?`
  const rows = trace.db.prepare(select).raw().all(sessionId) as [number, number | null, string | null][]
  const used = new Set(
    rows.flatMap(([id, , identity]) => (identity !== null && usage.has('process', id) ? [identity] : [])),
  )
  for (const [id, cgroupId, identity] of rows) {
    if (identity !== null && used.has(identity)) usage.add('process', id)
    if (cgroupId !== null && usage.has('process', id)) usage.add('cgroup', cgroupId)
  }
}

/** Adds the containers of cgroups that are used. */
function addContainers(usage: CollectedUsage, { trace, sessionId }: SessionPart): void {
  const select = 'SELECT cgroup_id, container_key FROM cgroup WHERE session_id = ? AND container_key NOT NULL'
  for (const [cgroupId, key] of trace.db.prepare(select).raw().all(sessionId) as [number, number][]) {
    if (usage.has('cgroup', cgroupId)) usage.add('container', key)
  }
}

/** From the first to the last time of a part that is covered. */
function spanOf({ segments }: SessionPart): SharedSpan {
  const [first, last] = [segments.at(0), segments.at(-1)]
  return { fromNs: Math.max(0, first?.fromNs ?? 0), toNs: Math.max(0, last?.toNs ?? 0) }
}

async function copyAll(copier: AttemptCopier, ranges: readonly IdRange[]): Promise<void> {
  for (const { first, last } of ranges) {
    for (let from = first; from <= last; from += STEP_ATTEMPTS) {
      copier.copy({ first: from, last: Math.min(last, from + STEP_ATTEMPTS - 1) })
      await setImmediate()
    }
  }
}
