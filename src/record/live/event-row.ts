import { formatAddress, isUnspecified } from '../../attempt/address.js'
import { PROCESS_COLUMNS, propertyOf } from '../../attempt/connect-values.js'
import { OUTCOMES } from '../../attempt/outcome.js'
import type { ConnectRow, ProcessPart } from '../../view/connect-row.js'
import { containerName } from '../../attempt/container-name.js'
import { createContainerParts, type ContainerPart } from '../runtimes/container-part.js'
import type { RecordingClock } from '../host/clock.js'
import { createRemoteOwners } from './remote-owner.js'
import { type EventMemory, readText } from '../event/event-memory.js'
import { EXE, hasHostRoot, PROCESS_BYTES, readCookie } from '../event/process-table.js'
import { connectEvent as at, connectFlag, connectOutcome, processFacts } from '../event/wire.gen.js'
import type { HostNames } from '../write/late-names.js'
import { findName } from '../dns/find-name.js'
import { addressOf, portOf, type EndpointKey } from '../nat/endpoint-key.js'
import { findAddresses, type AttemptAddresses, type AttemptAt, type NatRecords } from '../nat/find-addresses.js'
import type { NameCache } from '../dns/name-cache.js'

const ADDRESS_BYTES = 16
const NO_ADDRESSES: AttemptAddresses = { nat: null, service: null }
/** Limit of cached address texts. */
const MAX_KEPT = 4096

/** Interval of reading the clock offset: reading the clocks takes longer than reading an event. */
const OFFSET_NS = 1e9

/** @param isEntry whether it is an entry of the map of pending attempts */
type EventReader = (memory: EventMemory, byteOffset: number, isEntry: boolean) => ConnectRow

/** Start of an event in ns since `epochNs`, and its thread. */
export function identifyEvent(
  { bytes }: EventMemory,
  from: number,
  epochNs: bigint,
): { startedNs: number; tid: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset + from, at.size_bytes)
  return { startedNs: Number(view.getBigUint64(at.started_ns, true) - epochNs), tid: view.getUint32(at.tid, true) }
}

/** Converts single events to rows, for a terminal. `decodeConnect` is the fast path for millions of events. */
export function createEventReader(
  names: HostNames & { readonly dns: NameCache | null; readonly nat: NatRecords | null },
  clock: Pick<RecordingClock, 'epochNs' | 'unixOffsetNs'>,
): EventReader {
  const textOf = createAddressTexts()
  const ownerOf = createRemoteOwners(names, clock.epochNs)
  const processNames = { ...names, containerOf: createContainerParts(names.containerFacts) }
  let offsetNs = clock.unixOffsetNs()
  let checkedNs = 0
  const toUnixNs = (startedNs: bigint) => {
    if (Number(startedNs) - checkedNs > OFFSET_NS) {
      offsetNs = clock.unixOffsetNs()
      checkedNs = Number(startedNs)
    }
    return startedNs + offsetNs
  }
  return (memory, from, isEntry) => {
    const { bytes, words, processes } = memory
    const view = new DataView(bytes.buffer, bytes.byteOffset + from, at.size_bytes)
    const slot = processes.find(words, (from + at.process) >> 2)
    const process = readProcess(processes.bytes, slot * PROCESS_BYTES, processNames)
    const startedNs = view.getBigUint64(at.started_ns, true) - clock.epochNs
    const outcome = isEntry ? connectOutcome.pending : view.getUint8(at.outcome)
    const isPending = outcome === connectOutcome.pending
    const isInexact = (view.getUint8(at.flags) & connectFlag.inexact) !== 0
    const local = bytes.subarray(from + at.local_address, from + at.local_address + ADDRESS_BYTES)
    const atNs = Number(startedNs)
    const attempt = { byteOffset: from, slot, atNs, isPending }
    const addresses = names.nat === null ? NO_ADDRESSES : findAddresses(names.nat, memory, attempt)
    const remoteAddress = textOf(bytes.subarray(from + at.remote_address, from + at.remote_address + ADDRESS_BYTES))
    const natAddress = addresses.nat && textOf(addressOf(addresses.nat))
    return {
      startedNs: atNs,
      unixNs: toUnixNs(startedNs),
      latencyNs: isPending || isInexact ? null : Number(view.getBigUint64(at.latency_ns, true)),
      outcome: OUTCOMES[outcome] ?? 'pending',
      errno: isPending ? null : view.getUint16(at.error, true) || null,
      synRetransmits: isPending ? null : view.getUint8(at.syn_retransmits),
      ...process,
      tid: view.getUint32(at.tid, true) || null,
      family: view.getUint8(at.family) === 6 ? 6 : 4,
      localAddress: isUnspecified(local) ? null : textOf(local),
      localPort: view.getUint16(at.local_port, true) || null,
      remoteAddress,
      remotePort: view.getUint32(at.remote_port, true),
      ...readName(names.dns, memory, attempt, addresses.service),
      ...natPart(addresses, textOf),
      ...ownerOf(process, natAddress ?? remoteAddress, startedNs),
    }
  }
}

const UNKNOWN_PROCESS = Object.fromEntries(
  PROCESS_COLUMNS.map(({ name }) => [propertyOf(name), null]),
) as unknown as ProcessPart

type ProcessNames = HostNames & { readonly containerOf: (cgroup: string | null) => ContainerPart }

/** @param from byte offset in the table of processes */
function readProcess(bytes: Uint8Array, from: number, names: ProcessNames): ProcessPart {
  const view = new DataView(bytes.buffer, from, PROCESS_BYTES)
  const uid = view.getUint32(processFacts.uid, true)
  const cgroup = names.cgroupPath(view.getBigUint64(processFacts.cgroup_id, true)) ?? null
  const netns = view.getUint32(processFacts.netns, true) || null
  const pid = view.getUint32(processFacts.pid, true)
  if (pid === 0) return { ...UNKNOWN_PROCESS, netns }
  const hasExe = view.getBigUint64(processFacts.exe_inode, true) !== 0n
  return {
    pid,
    processStartNs: view.getBigUint64(processFacts.process_start_ns, true),
    comm: readText(bytes, from + processFacts.comm, processFacts.size_bytes - processFacts.comm),
    exe: hasExe ? readText(bytes, from + EXE, PROCESS_BYTES - EXE) : null,
    uid,
    user: hasHostRoot(view, 0) ? (names.userName(uid) ?? null) : null,
    cgroup,
    container: containerName(cgroup),
    ...names.containerOf(cgroup),
    netns,
    netnsCookie: readCookie(view, processFacts.netns_cookie),
    mntns: view.getUint32(processFacts.mntns, true) || null,
  }
}

type NatPart = Pick<ConnectRow, 'natAddress' | 'natPort' | 'serviceAddress' | 'servicePort'>

function natPart({ nat, service }: AttemptAddresses, textOf: (address: Uint8Array) => string): NatPart {
  return {
    natAddress: nat && textOf(addressOf(nat)),
    natPort: nat && portOf(nat),
    serviceAddress: service && textOf(addressOf(service)),
    servicePort: service && portOf(service),
  }
}

type NamePart = Pick<ConnectRow, 'hasDnsSource' | 'dnsName' | 'dnsAgeNs' | 'dnsLookupNs' | 'dnsCandidates'>

function readName(
  names: NameCache | null,
  memory: EventMemory,
  event: AttemptAt,
  service: EndpointKey | null,
): NamePart {
  const match = names && findName(names, memory, event, service)
  return {
    hasDnsSource: names !== null,
    dnsName: match?.name ?? null,
    dnsAgeNs: match ? event.atNs - match.answeredNs : null,
    dnsLookupNs: match?.lookupNs ?? null,
    dnsCandidates: match?.candidates ?? null,
  }
}

function createAddressTexts(): (address: Uint8Array) => string {
  const kept = new Map<string, string>()
  return (address) => {
    const key = Buffer.from(address.buffer, address.byteOffset, address.length).toString('latin1')
    const known = kept.get(key)
    if (known !== undefined) return known
    if (kept.size >= MAX_KEPT) kept.clear()
    const text = formatAddress(address)
    kept.set(key, text)
    return text
  }
}
