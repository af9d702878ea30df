import { LOSS_COLUMNS } from '../../attempt/loss-causes.js'
import { ARCHIVE_KEY, ARCHIVE_VERSION, type ArchivedSession } from '../export/parts/archived-session.js'

/** Sessions of a file of a data set, and clock changes of a session. The file may be from anywhere. */
const MAX_ITEMS = 100_000

/**
 * The sessions that a file has attempts of, from its metadata.
 * @throws Error
 */
export function parseFacts(json: string): ArchivedSession[] {
  const all = JSON.parse(json) as { version?: unknown; sessions?: unknown }
  if (all.version !== ARCHIVE_VERSION) {
    throw new Error(
      `its ${ARCHIVE_KEY} has version ${String(all.version)}: this tcpconn reads version ${ARCHIVE_VERSION}`,
    )
  }
  if (!Array.isArray(all.sessions) || all.sessions.length > MAX_ITEMS || !all.sessions.every(isSession)) {
    throw new Error(`its ${ARCHIVE_KEY} is not what tcpconn writes`)
  }
  return all.sessions
}

function isSession(value: unknown): value is ArchivedSession {
  if (!isObject(value)) return false
  const { host, session_uuid: uuid, is_selection: isSelection, clock_offsets: clock, lost, row } = value
  const counts = [value['session_id'], value['first_attempt_id'], value['attempts'], value['written_ns']]
  const times = [value['min_started_ns'], value['max_started_ns']]
  return (
    typeof host === 'string' &&
    typeof uuid === 'string' &&
    typeof isSelection === 'boolean' &&
    counts.every(Number.isSafeInteger) &&
    times.every((time) => time === null || Number.isSafeInteger(time)) &&
    Array.isArray(lost) &&
    lost.length === LOSS_COLUMNS.length &&
    lost.every(Number.isSafeInteger) &&
    Array.isArray(clock) &&
    clock.length > 0 &&
    clock.length <= MAX_ITEMS &&
    clock.every(isClock) &&
    isRow(row)
  )
}

/** A row of `session`. Sessions are ordered by their start, an integer that a double may round. */
function isRow(value: unknown): boolean {
  if (!isObject(value) || !/^-?\d{1,19}$/.test(String(value['started_unix_ns']))) return false
  return Object.values(value).every((cell) => cell === null || typeof cell === 'string' || typeof cell === 'number')
}

function isClock(value: unknown): boolean {
  if (!Array.isArray(value)) return false
  const [sinceNs, unixOffsetNs] = value as unknown[]
  return Number.isSafeInteger(sinceNs) && typeof unixOffsetNs === 'string' && /^-?\d{1,19}$/.test(unixOffsetNs)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
