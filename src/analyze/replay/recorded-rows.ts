import type { Database } from 'better-sqlite3'
import { PROCESS_COLUMNS, propertyOf } from '../../attempt/connect-values.js'
import { OUTCOMES } from '../../attempt/outcome.js'
import type { ConnectRow, ProcessPart } from '../../view/connect-row.js'
import { containerName } from '../../attempt/container-name.js'
import { readClockSegments } from '../scan/clock-segments.js'
import { boundedText } from '../scan/row-reader.js'
import type { Scope, SessionPart } from '../scan/scope.js'
import { createWallClock } from '../scan/wall-clock.js'
import { attemptsByStart } from './attempts-by-start.js'
import { createCachedReader, textOrNull, type CachedCell } from './cached-reader.js'
import { createDnsPartReader } from './recorded-dns.js'
import { createNatReader } from './recorded-nat.js'
import { createOwnerReader } from './recorded-owners.js'
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

type EndpointPart = Pick<ConnectRow, 'family' | 'remoteAddress' | 'remotePort'>

/** The attempts of a scope, session by session, in the order of their start. */
export function* recordedRows(scope: Scope): Generator<ConnectRow> {
  for (const rows of recordedSessions(scope)) yield* rows
}

/** The same, with a generator for each session. */
export function* recordedSessions(scope: Scope): Generator<Generator<ConnectRow>> {
  // All sessions use one epoch, so that differences are exact in a double.
  const [first] = scope.parts
  const zeroNs = first === undefined ? 0n : (readClockSegments(first.trace.db, first.sessionId)[0]?.unixOffsetNs ?? 0n)
  for (const part of scope.parts) yield readPart(scope, part, zeroNs)
}

function* readPart(scope: Scope, part: SessionPart, zeroNs: bigint): Generator<ConnectRow> {
  const read = createRowReader(part, zeroNs)
  for (const attemptId of attemptsByStart(scope, part)) {
    const row = read(attemptId)
    if (row !== null) yield row
  }
}

/** @returns a function that returns `null` if the process or endpoint of an attempt is missing, as in a damaged file */
function createRowReader(part: SessionPart, zeroNs: bigint): (attemptId: number) => ConnectRow | null {
  // In the transaction of the scan: without it every lookup would lock the file. No scan is running at this time.
  const { db } = part.trace
  const attempt = db.prepare(`SELECT ${ATTEMPT_COLUMNS.join(', ')} FROM connect_attempt WHERE attempt_id = ?`).raw()
  const processOf = createProcessReader(db)
  const endpointOf = createEndpointReader(db)
  const localAddressOf = createLocalReader(db)
  const dnsOf = createDnsPartReader(part)
  const natOf = createNatReader(part)
  const ownerOf = createOwnerReader(part)
  const { unixNs } = createWallClock(part)
  // By the monotonic clock of the session.
  const sessionNs = Number((readClockSegments(db, part.sessionId)[0]?.unixOffsetNs ?? zeroNs) - zeroNs)
  return (attemptId) => {
    const values = attempt.get(attemptId)
    if (values === undefined) return null
    const [startedNs, latencyNs, outcome, errno, synRetransmits, processId, tidDelta, endpointId, local] =
      requireIntegers<AttemptRow>(values)
    const [process, endpoint] = [processOf(processId), endpointOf(endpointId)]
    if (process === null || endpoint === null) return null
    const nat = natOf(attemptId)
    return {
      startedNs: sessionNs + startedNs,
      unixNs: unixNs(startedNs),
      latencyNs,
      outcome: OUTCOMES[outcome] ?? 'pending',
      errno,
      synRetransmits,
      ...process,
      // If the process is unknown, tid_delta is the tid.
      tid: (process.pid ?? 0) + tidDelta || null,
      ...endpoint,
      localAddress: localAddressOf(Math.floor(local / 65_536)),
      localPort: local % 65_536 || null,
      ...dnsOf(attemptId),
      ...nat,
      ...ownerOf(processId, nat.natAddress ?? endpoint.remoteAddress, startedNs),
    }
  }
}

function createProcessReader(db: Database): (id: number) => ProcessPart | null {
  const values = PROCESS_COLUMNS.map(({ type, ofProcess }) => (type === 'utf8' ? boundedText(ofProcess) : ofProcess))
  const sql = `SELECT ${values.join(', ')} FROM process LEFT JOIN cgroup USING (cgroup_id) LEFT JOIN container USING (container_key) WHERE process_id = ?`
  return createCachedReader(db, sql, (cells) => {
    const entries = PROCESS_COLUMNS.map(({ name, type }, i) => [propertyOf(name), valueOf(type, cells[i])])
    const process = Object.fromEntries(entries) as ProcessPart
    return { ...process, container: process.container ?? containerName(process.cgroup) }
  })
}

function valueOf(
  type: (typeof PROCESS_COLUMNS)[number]['type'],
  cell: CachedCell | undefined,
): string | number | bigint | null {
  if (type === 'utf8') return textOrNull(cell)
  if (type === 'int64') return cell === null ? null : BigInt(cell ?? 0)
  return integerOrNull(cell)
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
