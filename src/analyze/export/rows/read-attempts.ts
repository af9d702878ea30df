import { AT, type AttemptColumn, type AttemptRow } from '../../scan/attempt-columns.js'
import type { ClockSegment } from '../../scan/clock-segments.js'
import { coverPart, type IdRange } from '../../scan/plan-scan.js'
import { prepareScan } from '../../scan/scan-rows.js'
import type { Scope, SessionPart } from '../../scan/scope.js'
import { createSegmentIndex } from '../../scan/segment-index.js'
import { capacityOf, type AttemptRows } from './attempt-rows.js'
import { createDnsJoin } from './dns-join.js'
import type { ExportEntities } from './entities.js'
import { createNatJoin } from './nat-join.js'
import { createOwnerJoin } from './owner-join.js'
import { writeLong } from './long-halves.js'
import { createNumberCodes } from './value-codes.js'

const COLUMNS: readonly AttemptColumn[] = [
  'attempt_id',
  'started_ns',
  'latency_ns',
  'outcome',
  'errno',
  'syn_retransmits',
  'process_id',
  'tid_delta',
  'endpoint_id',
  'local_endpoint',
]
/** Ids of all attempts. */
const ALL_IDS: IdRange = { first: 0, last: Number.MAX_SAFE_INTEGER }
/** If a batch has less space than this, no further scan is started for it. */
const LEAST_ROOM = 0.125

/** Numbers of attempts themselves that repeat. */
export interface AttemptCodes {
  readonly errno: ReturnType<typeof createNumberCodes>
  readonly synRetransmits: ReturnType<typeof createNumberCodes>
  readonly localPort: ReturnType<typeof createNumberCodes>
  readonly dnsCandidates: ReturnType<typeof createNumberCodes>
}

export function createAttemptCodes(): AttemptCodes {
  return {
    errno: createNumberCodes('errno', 'int32'),
    synRetransmits: createNumberCodes('syn_retransmits', 'uint8'),
    localPort: createNumberCodes('local_port', 'uint16'),
    dnsCandidates: createNumberCodes('dns_candidates', 'uint32'),
  }
}

/** Progress of an export. */
export interface ReadProgress {
  /** Number of attempts that were read, and of those to read. */
  scanned: number
  total: number
}

/**
 * All attempts of a scope in batches, in the order of ids within each session. Batches reuse the same arrays. Like the view
 * `connects`, it leaves out attempts with missing references.
 * @param within only attempts with these ids
 */
export function* readAttempts(
  scope: Scope,
  { entities, codes, rows }: { entities: ExportEntities; codes: AttemptCodes; rows: AttemptRows },
  progress: ReadProgress,
  within: IdRange = ALL_IDS,
): Generator<AttemptRows> {
  const covers = scope.parts.map((part) => clipRanges(coverPart(part, false).ranges, within))
  const columns: readonly AttemptColumn[] = rows.flags.length > 0 ? [...COLUMNS, 'flags'] : COLUMNS
  progress.total = covers.flat().reduce((sum, { first, last }) => sum + last - first + 1, 0)
  for (const [position, part] of scope.parts.entries()) {
    rows.count = 0
    rows.part = position
    const scan = prepareScan(scope, part, columns, createTaker(part, entities, codes, rows))
    const joinDns = createDnsJoin(part.trace, entities, codes)
    const joinNat = createNatJoin(part.trace, entities)
    const joinOwners = createOwnerJoin(part, entities)
    for (const range of splitRanges(covers[position] ?? [], () => capacityOf(rows) - rows.count)) {
      scan(range)
      progress.scanned += range.last - range.first + 1
      if (capacityOf(rows) - rows.count > capacityOf(rows) * LEAST_ROOM) continue
      joinDns(rows)
      joinNat(rows)
      joinOwners(rows)
      yield rows
      rows.count = 0
    }
    if (rows.count === 0) continue
    joinDns(rows)
    joinNat(rows)
    joinOwners(rows)
    yield rows
  }
}

function clipRanges(ranges: readonly IdRange[], within: IdRange): IdRange[] {
  return ranges
    .map(({ first, last }) => ({ first: Math.max(first, within.first), last: Math.min(last, within.last) }))
    .filter(({ first, last }) => first <= last)
}

/** Splits ranges by the space that is left when each piece is taken. */
function* splitRanges(ranges: readonly IdRange[], room: () => number): Generator<IdRange> {
  for (const { first, last } of ranges) {
    for (let at = first; at <= last;) {
      const end = Math.min(last, at + room() - 1)
      yield { first: at, last: end }
      at = end + 1
    }
  }
}

/** Copies an attempt into the arrays. */
function createTaker(
  part: SessionPart,
  { numbers, processes, codes: entityCodes }: ExportEntities,
  codes: AttemptCodes,
  rows: AttemptRows,
): (row: AttemptRow) => void {
  const known = numbers.get(part.trace)
  if (known === undefined) throw new Error('a part of a trace whose entities were not read')
  const putUnixTime = createUnixTime(part.segments, rows.unixNs)
  const { process: processOf, endpoint: endpointOf, localAddress: localAddressOf } = known
  const hasFlags = rows.flags.length > 0
  const { pid: pidCodes, pidValue } = { pid: processes.pid, pidValue: processes.pidValue }
  return (row) => {
    const local = row[AT.local_endpoint] as number
    const process = processOf.get(row[AT.process_id] as number)
    const endpoint = endpointOf.get(row[AT.endpoint_id] as number)
    const localAddress = localAddressOf.get(Math.floor(local / 65_536))
    if (process < 0 || endpoint < 0 || localAddress < 0) return
    const i = rows.count++
    const startedNs = row[AT.started_ns] as number
    const latencyNs = row[AT.latency_ns] as number
    const isPending = !(latencyNs === latencyNs)
    const tidDelta = row[AT.tid_delta] as number
    rows.attemptId[i] = row[AT.attempt_id] as number
    rows.startedNs[i] = startedNs
    putUnixTime(i, startedNs)
    rows.isPending[i] = isPending ? 1 : 0
    writeLong(rows.latencyNs, i, isPending ? 0 : latencyNs)
    rows.outcome[i] = outcomeCode(row[AT.outcome] as number)
    rows.errno[i] = codeOrNull(codes.errno, row[AT.errno] as number)
    rows.synRetransmits[i] = codeOrNull(codes.synRetransmits, row[AT.syn_retransmits] as number)
    rows.tid[i] =
      tidDelta === 0
        ? (pidCodes[process] as number)
        : codeOrNull(entityCodes.pid, (pidValue[process] as number) + tidDelta)
    const port = local - Math.floor(local / 65_536) * 65_536
    rows.localPort[i] = port === 0 ? -1 : codes.localPort.codeOf(port)
    rows.process[i] = process
    rows.endpoint[i] = endpoint
    rows.localAddress[i] = localAddress
    if (hasFlags) rows.flags[i] = flagsCode(row[AT.flags] as number)
  }
}

function codeOrNull(codes: ReturnType<typeof createNumberCodes>, value: number): number {
  return value === value ? codes.codeOf(value) : -1
}

/** What no recorder writes is NULL. */
function flagsCode(flags: number): number {
  return flags >= 0 && flags < 128 ? flags : -1
}

/** An unknown outcome is NULL, as in the view. */
function outcomeCode(outcome: number): number {
  return outcome >= 0 && outcome < 8 ? outcome : -1
}

/** Converts session times to Unix ns by adding the halves of the offset, without a BigInt per row. */
function createUnixTime(segments: readonly ClockSegment[], target: Int32Array): (i: number, startedNs: number) => void {
  const offsets = segments.map(({ unixOffsetNs }) => ({
    low: Number(BigInt.asUintN(32, unixOffsetNs)),
    high: Number(unixOffsetNs >> 32n),
  }))
  const indexOf = createSegmentIndex(segments)
  return (i, startedNs) => {
    const offset = offsets[indexOf(startedNs)]
    if (offset === undefined) return
    const high = Math.floor(startedNs / 4_294_967_296)
    const low = startedNs - high * 4_294_967_296 + offset.low
    const carry = low >= 4_294_967_296 ? 1 : 0
    target[2 * i] = low | 0
    target[2 * i + 1] = high + offset.high + carry
  }
}
