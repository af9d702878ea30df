import type { Database } from 'better-sqlite3'
import type { Column, Row } from '../result/result.js'
import { createAttemptReader } from '../trace/attempt-reader.js'
import type { SessionPart } from '../trace/scope.js'
import type { FoundAttempt } from './slowest-attempts.js'

/** Columns of the view `connects`: a whole attempt. Tables leave out what hardly ever tells something. */
export const CONNECT_COLUMNS: readonly Column[] = [
  { name: 'session_id', heading: 'SESSION', kind: 'number', isHidden: true },
  { name: 'started_ns', heading: 'TIME', kind: 'time' },
  { name: 'time', heading: 'TIME', kind: 'text', isHidden: true },
  { name: 'latency_ns', heading: 'LATENCY', kind: 'duration' },
  { name: 'outcome', heading: 'OUTCOME', kind: 'text', leaveOut: 4 },
  { name: 'errno', heading: 'ERRNO', kind: 'number', isHidden: true },
  { name: 'syn_retransmits', heading: 'SYN RETR', kind: 'count', leaveOut: 2 },
  { name: 'pid', heading: 'PID', kind: 'number', leaveOut: 3 },
  { name: 'tid', heading: 'TID', kind: 'number', isHidden: true },
  { name: 'process_start_ns', heading: 'START', kind: 'number', isHidden: true },
  { name: 'comm', heading: 'COMM', kind: 'text', leaveOut: 5 },
  { name: 'exe', heading: 'EXE', kind: 'text', isHidden: true },
  { name: 'uid', heading: 'UID', kind: 'number', isHidden: true },
  { name: 'user', heading: 'USER', kind: 'text', leaveOut: 1 },
  { name: 'cgroup', heading: 'CGROUP', kind: 'text', isHidden: true },
  { name: 'netns', heading: 'NETNS', kind: 'number', isHidden: true },
  { name: 'mntns', heading: 'MNTNS', kind: 'number', isHidden: true },
  { name: 'family', heading: 'FAMILY', kind: 'number', isHidden: true },
  { name: 'local_address', heading: 'LOCAL', kind: 'text', isHidden: true },
  { name: 'local_port', heading: 'PORT', kind: 'number', isHidden: true },
  { name: 'remote_address', heading: 'ADDRESS', kind: 'text', minWidth: 15 },
  { name: 'remote_port', heading: 'PORT', kind: 'number' },
  { name: 'dns_name', heading: 'DNS NAME', kind: 'text' },
  { name: 'dns_age_ns', heading: 'DNS AGE', kind: 'duration', isHidden: true },
  { name: 'dns_lookup_ns', heading: 'DNS LOOKUP', kind: 'duration', isHidden: true },
  { name: 'dns_candidates', heading: 'DNS NAMES', kind: 'number', isHidden: true },
  { name: 'container', heading: 'CONTAINER', kind: 'text', isHidden: true },
]

const NAMES = CONNECT_COLUMNS.map(({ name }) => name)
const STARTED_NS = NAMES.indexOf('started_ns')

/** An attempt as a row of `CONNECT_COLUMNS`. */
export interface WholeAttempt {
  readonly part: SessionPart
  readonly row: Row
}

/** Reads whole attempts, without those that only a damaged file has. */
export function readAttempts(found: readonly FoundAttempt[]): WholeAttempt[] {
  const readers = new Map<Database, ReturnType<typeof createAttemptReader>>()
  return found.flatMap(({ part, attemptId }) => {
    const db = part.trace.lookup
    const read = readers.get(db) ?? createAttemptReader(db, NAMES)
    readers.set(db, read)
    const row = read(attemptId)
    // A time is always a bigint, however small.
    return row === null ? [] : [{ part, row: row.with(STARTED_NS, BigInt(row[STARTED_NS] ?? 0)) }]
  })
}
