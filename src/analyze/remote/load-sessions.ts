import { LOSS_COLUMNS } from '../../attempt/loss-causes.js'
import { FLEET_TABLES } from '../../fleet/trace-tables.js'
import type { Window } from '../scan/trace.js'
import { maxOf, minOf } from './session-times.js'
import { lengthOf, readIdRanges } from './read-id-ranges.js'
import { numberOf, readRows } from './read-rows.js'
import { ofSession, selectColumns, sessionQueries, type RemoteSessionState, type RemoteState } from './remote-state.js'
import { createRowWriter, tryInsert } from './row-writer.js'
import { findRangeFault, findWindowFault, spanOfIds } from './window-faults.js'

/** Beyond all times of sessions, in ns */
const NO_LIMIT = 2 ** 62
const FLAGS = ['ipv4_mapped', 'fast_open', 'mptcp', 'kernel_thread', 'no_syn', 'simultaneous_open', 'inexact'] as const

/**
 * Loads what every answer needs: sessions, clocks, windows without their sums. Windows outside of the time become one before it and
 * one after it. Ids are assigned here: those of a session follow those of the session before.
 */
export async function loadSessions(state: RemoteState): Promise<void> {
  const next = { connect_attempt: 1, latency_window: 1, process: 1, cgroup: 1, container: 1 }
  const [windows] = await Promise.all([readWindows(state), loadSessionRows(state)])
  const ranges = await readIdRanges(state)
  for (const session of state.sessions) {
    const { found, ids } = session
    const { firstAttemptId, attempts } = found.batches
    if (attempts > 0) ids.ranges.connect_attempt = { first: firstAttemptId, last: firstAttemptId + attempts - 1 }
    ids.fault ??= findWindowFault(found, windows.get(ids.uuid) ?? [])
    for (const table of COUNTED) ids.fault ??= findRangeFault(table, ranges[table].get(ids.uuid))
    session.endpointCount = lengthOf(ranges.endpoint.get(ids.uuid))
    // It takes no ids: an answer is not made with it.
    if (ids.fault !== null) continue
    ids.offsets.connect_attempt = next.connect_attempt - firstAttemptId
    next.connect_attempt += attempts
    const own = windows.get(ids.uuid) ?? []
    if (own.length > 0) {
      const range = spanOfIds(own)
      ids.offsets.latency_window = next.latency_window - range.first
      ids.ranges.latency_window = range
      next.latency_window += range.last - range.first + 1
    }
    for (const table of COUNTED) {
      const range = ranges[table].get(ids.uuid)
      if (range === undefined) continue
      ids.offsets[table] = next[table] - range.first
      next[table] += range.last - range.first + 1
      ids.ranges[table] = range
    }
  }
  writeWindows(state, windows)
  await loadRollups(state)
}

const COUNTED = ['process', 'cgroup', 'container'] as const

/** The rows of the sessions and their clocks. */
async function loadSessionRows({ server, db, sessions, byUuid }: RemoteState): Promise<void> {
  const { copied } = FLEET_TABLES.session
  const write = createRowWriter(db, 'session', ['host', ...copied.map(({ name }) => name)])
  for (const { where, values } of sessionQueries(sessions)) {
    const sql = `SELECT session_uuid, host, ${selectColumns(copied)} FROM trace_session FINAL WHERE ${where}`
    for await (const [uuid, ...row] of readRows(server, sql, values)) {
      const session = byUuid.get(String(uuid))
      if (session) write(session.ids, row)
    }
  }
  const insertClock = db.prepare('INSERT INTO clock_offset (session_id, since_ns, unix_offset_ns) VALUES (?, ?, ?)')
  for (const { found, ids } of sessions) {
    for (const { sinceNs, unixOffsetNs } of found.clock) {
      tryInsert(ids, 'clock_offset', () => insertClock.run(ids.sessionId, sinceNs, unixOffsetNs))
    }
  }
}

/** A window of a session's own trace, or many that are outside of the time. */
interface RemoteWindow {
  readonly id: number
  readonly first: number
  readonly last: number
  readonly count: number
  readonly minStartedNs: number
  readonly maxStartedNs: number
  readonly flags: readonly number[]
  hasSums: boolean
}

async function readWindows(state: RemoteState): Promise<Map<string, RemoteWindow[]>> {
  const windows = new Map<string, RemoteWindow[]>()
  const isInside = `max_started_ns >= ${ofSession('since')} AND min_started_ns < ${ofSession('until')}`
  const side = `max_started_ns < ${ofSession('since')}`
  const isPushed = `window_id <= ${ofSession('windows')}`
  for (const { sessions, where, values } of sessionQueries(state.sessions)) {
    const limits = { ...values, ...timesOf(state, sessions), windows: sessions.map(({ found }) => found.pushed.window) }
    const add = async (sql: string, hasSums: boolean) => {
      for await (const [uuid, ...row] of readRows(state.server, sql, limits)) {
        const [id, first, last, count, minStartedNs, maxStartedNs, ...flags] = row.map(numberOf) as number[]
        const own = windows.get(String(uuid)) ?? []
        windows.set(String(uuid), own)
        own.push({ id, first, last, count, minStartedNs, maxStartedNs, flags, hasSums } as RemoteWindow)
      }
    }
    await add(
      `SELECT session_uuid, window_id, first_attempt_id, last_attempt_id, last_attempt_id - first_attempt_id + 1, min_started_ns,
        max_started_ns, ${FLAGS.join(', ')} FROM trace_latency_window FINAL WHERE ${where} AND ${isPushed} AND ${isInside}`,
      true,
    )
    const { since, until } = state.selection
    if (since !== null || until !== null) {
      await add(
        `SELECT session_uuid, min(window_id), min(first_attempt_id), max(last_attempt_id),
          sum(last_attempt_id - first_attempt_id + 1), min(min_started_ns), max(max_started_ns),
          ${FLAGS.map((flag) => `sum(${flag})`).join(', ')}
          FROM trace_latency_window FINAL WHERE ${where} AND ${isPushed} AND NOT (${isInside}) GROUP BY session_uuid, ${side}`,
        false,
      )
    }
    await markWithoutSums(state, windows, { where, limits })
  }
  return windows
}

/** Windows of format version 1 have no sums. */
async function markWithoutSums(
  { server }: RemoteState,
  windows: ReadonlyMap<string, RemoteWindow[]>,
  { where, limits }: { where: string; limits: Parameters<typeof readRows>[2] },
): Promise<void> {
  const sql = `SELECT session_uuid, window_id FROM trace_latency_window WHERE ${where} AND (host, session_uuid, window_id)
    GLOBAL NOT IN (SELECT host, session_uuid, window_id FROM trace_window_sums WHERE ${where})`
  for await (const [uuid, id] of readRows(server, sql, limits)) {
    const window = windows.get(String(uuid))?.find((one) => one.id === numberOf(id))
    if (window) window.hasSums = false
  }
}

/** The time of an answer by session, in ns since it began, with the widest of its clock offsets. */
function timesOf({ selection: { since, until } }: RemoteState, sessions: readonly RemoteSessionState[]) {
  const offsets = sessions.map(({ found }) => found.clock.map(({ unixOffsetNs }) => unixOffsetNs))
  return {
    since: offsets.map((clock) => (since === null ? -BigInt(NO_LIMIT) : since - maxOf(clock))),
    until: offsets.map((clock) => (until === null ? BigInt(NO_LIMIT) : until - minOf(clock))),
  }
}

/** Writes windows, and batches with the same attempts and losses: readers need their sums and times, not each one. */
function writeWindows({ db, sessions }: RemoteState, windows: ReadonlyMap<string, RemoteWindow[]>): void {
  const insertWindow =
    db.prepare(`INSERT INTO latency_window (window_id, session_id, first_attempt_id, last_attempt_id, min_started_ns,
    max_started_ns, ${FLAGS.join(', ')}) VALUES (?, ?, ?, ?, ?, ?, ${FLAGS.map(() => '?').join(', ')})`)
  const insertBatch =
    db.prepare(`INSERT INTO batch (session_id, first_attempt_id, attempt_count, written_ns, min_started_ns,
    max_started_ns, ${LOSS_COLUMNS.join(', ')}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const noLoss = LOSS_COLUMNS.map(() => 0)
  for (const session of sessions) {
    const { found, ids } = session
    if (ids.fault !== null) continue
    const [{ sessionId, offsets }, { batches }] = [ids, found]
    const own = (windows.get(ids.uuid) ?? []).toSorted((a, b) => a.first - b.first)
    let end = batches.firstAttemptId
    for (const { id, first, last, count, minStartedNs, maxStartedNs, flags } of own) {
      const place = [first + offsets.connect_attempt, last + offsets.connect_attempt]
      insertWindow.run(id + offsets.latency_window, sessionId, ...place, minStartedNs, maxStartedNs, ...flags)
      insertBatch.run(sessionId, place[0], count, 0, minStartedNs, maxStartedNs, ...noLoss)
      end = Math.max(end, last + 1)
    }
    const tail = batches.firstAttemptId + batches.attempts - end
    const times = [batches.minStartedNs, batches.maxStartedNs]
    if (tail > 0) insertBatch.run(sessionId, end + offsets.connect_attempt, tail, 0, ...times, ...noLoss)
    // The recorded time is that of the original batches.
    const first = batches.firstAttemptId + offsets.connect_attempt
    insertBatch.run(sessionId, first, 0, batches.writtenNs, ...times, ...batches.lost)
    session.windows = own.map((window): Window => ({
      window_id: window.id + offsets.latency_window,
      first_attempt_id: window.first + offsets.connect_attempt,
      last_attempt_id: window.last + offsets.connect_attempt,
      min_started_ns: window.minStartedNs,
      max_started_ns: window.maxStartedNs,
      hasSums: window.hasSums,
    }))
  }
}

/** Which roll-ups there are, without their sums. */
async function loadRollups({ server, db, sessions, byUuid }: RemoteState): Promise<void> {
  const columns = ['first_window_id', 'last_window_id', 'dimension', 'sums']
  const write = createRowWriter(db, 'window_rollup', columns)
  const nothing = Buffer.alloc(0)
  const withWindows = sessions.filter(({ windows }) => windows.some(({ hasSums }) => hasSums))
  for (const { sessions: some, where, values } of sessionQueries(withWindows)) {
    const own = some.map(({ windows, ids }) => {
      return windows.filter(({ hasSums }) => hasSums).map((window) => window.window_id - ids.offsets.latency_window)
    })
    const limits = { ...values, first: own.map((all) => Math.min(...all)), last: own.map((all) => Math.max(...all)) }
    const sql = `SELECT session_uuid, first_window_id, last_window_id, dimension FROM trace_window_rollup FINAL WHERE ${where}
      AND first_window_id >= ${ofSession('first')} AND last_window_id <= ${ofSession('last')}`
    for await (const [uuid, ...row] of readRows(server, sql, limits)) {
      const session = byUuid.get(String(uuid))
      if (session) write(session.ids, [...row, nothing])
    }
  }
}
