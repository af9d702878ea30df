import type { Database } from 'better-sqlite3'
import { OUTCOMES } from '../../store/outcome.js'
import type { ConnectRow } from '../../view/connect-row.js'
import { containerName } from '../../view/container-name.js'
import { readClockSegments } from '../trace/clock-segments.js'
import { knowsLookups } from '../trace/knows-lookups.js'
import { boundedText } from '../trace/row-reader.js'
import type { Scope, SessionPart } from '../trace/scope.js'
import { createWallClock } from '../trace/wall-clock.js'
import { attemptsByStart } from './attempts-by-start.js'
import { createCachedReader, textOrNull } from './cached-reader.js'
import { createDnsReader } from './recorded-dns.js'
import { integerOf, integerOrNull, requireIntegers } from './require-integers.js'

const ATTEMPT_COLUMNS = [
  'ifnull(started_ns, 0)',
  'latency_ns',
  'ifnull(outcome, -1)',
  'errno',
  'syn_retransmits',
  'ifnull(process_id, 0)',
  'ifnull(tid_delta, 0)',
  'ifnull(endpoint_id, 0)',
  'ifnull(local_endpoint, 0)',
]
type AttemptRow = readonly [
  startedNs: number,
  latencyNs: number | null,
  outcome: number,
  errno: number | null,
  synRetransmits: number | null,
  processId: number,
  tidDelta: number,
  endpointId: number,
  local: number,
]

type ProcessPart = Pick<
  ConnectRow,
  'pid' | 'processStartNs' | 'comm' | 'exe' | 'uid' | 'user' | 'cgroup' | 'container' | 'netns' | 'mntns'
>
type EndpointPart = Pick<ConnectRow, 'family' | 'remoteAddress' | 'remotePort'>

/** The attempts of a scope, session by session, in the order of their start. */
export function* recordedRows(scope: Scope): Generator<ConnectRow> {
  // All sessions count from one time, so that differences are exact in a double.
  const [first] = scope.parts
  const zeroNs = first === undefined ? 0n : (readClockSegments(first.trace.db, first.sessionId)[0]?.unixOffsetNs ?? 0n)
  for (const part of scope.parts) {
    const read = createRowReader(part, zeroNs)
    for (const attemptId of attemptsByStart(scope, part)) {
      const row = read(attemptId)
      if (row !== null) yield row
    }
  }
}

/** @returns a function that gives `null` for an attempt whose process or endpoint is missing, as in a damaged file */
function createRowReader(part: SessionPart, zeroNs: bigint): (attemptId: number) => ConnectRow | null {
  // In the transaction of the scan: without one every lookup would lock the file anew. No scan is under way meanwhile.
  const { db } = part.trace
  const attempt = db.prepare(`SELECT ${ATTEMPT_COLUMNS.join(', ')} FROM connect_attempt WHERE attempt_id = ?`).raw()
  const processOf = createProcessReader(db)
  const endpointOf = createEndpointReader(db)
  const localAddressOf = createLocalReader(db)
  const dnsOf = createDnsReader(part)
  const { unixNs } = createWallClock(part)
  // On the clock of the session, which nobody sets.
  const sessionNs = Number((readClockSegments(db, part.sessionId)[0]?.unixOffsetNs ?? zeroNs) - zeroNs)
  return (attemptId) => {
    const values = attempt.get(attemptId)
    if (values === undefined) return null
    const [startedNs, latencyNs, outcome, errno, synRetransmits, processId, tidDelta, endpointId, local] =
      requireIntegers<AttemptRow>(values)
    const [process, endpoint] = [processOf(processId), endpointOf(endpointId)]
    if (process === null || endpoint === null) return null
    return {
      startedNs: sessionNs + startedNs,
      unixNs: unixNs(startedNs),
      latencyNs,
      outcome: OUTCOMES[outcome] ?? 'pending',
      errno,
      synRetransmits,
      ...process,
      // Of a process that is not known, tid_delta is the thread.
      tid: (process.pid ?? 0) + tidDelta || null,
      ...endpoint,
      localAddress: localAddressOf(Math.floor(local / 65_536)),
      localPort: local % 65_536 || null,
      ...dnsOf(attemptId),
    }
  }
}

function createProcessReader(db: Database): (id: number) => ProcessPart | null {
  const texts = ['comm', 'exe', 'user', 'cgroup.path'].map((column) => boundedText(column)).join(', ')
  const stored = knowsLookups(db) ? boundedText('cgroup.container') : 'NULL'
  const sql = `SELECT ${texts}, ${stored}, pid, process_start_ns, uid, netns, mntns
    FROM process LEFT JOIN cgroup USING (cgroup_id) WHERE process_id = ?`
  return createCachedReader(db, sql, ([comm, exe, user, cgroup, container, pid, startNs, uid, netns, mntns]) => ({
    pid: integerOrNull(pid),
    processStartNs: startNs === null ? null : BigInt(startNs ?? 0),
    comm: textOrNull(comm),
    exe: textOrNull(exe),
    uid: integerOrNull(uid),
    user: textOrNull(user),
    cgroup: textOrNull(cgroup),
    container: textOrNull(container) ?? containerName(textOrNull(cgroup)),
    netns: integerOrNull(netns),
    mntns: integerOrNull(mntns),
  }))
}

function createEndpointReader(db: Database): (id: number) => EndpointPart | null {
  const sql = `SELECT ${boundedText('remote_address')}, family, remote_port FROM endpoint WHERE endpoint_id = ?`
  return createCachedReader(db, sql, ([address, family, port]) => ({
    family: integerOf(family) === 6 ? 6 : 4,
    remoteAddress: String(address),
    remotePort: integerOf(port),
  }))
}

function createLocalReader(db: Database): (id: number) => string | null {
  const sql = `SELECT ${boundedText('local_address')} FROM local_address WHERE local_address_id = ?`
  return createCachedReader(db, sql, ([address]) => textOrNull(address))
}
