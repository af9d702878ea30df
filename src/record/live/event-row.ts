import { formatAddress, isUnspecified } from '../../store/address.js'
import { OUTCOMES } from '../../store/outcome.js'
import type { ConnectRow } from '../../view/connect-row.js'
import { containerName } from '../../view/container-name.js'
import type { SessionClock } from '../host/clock.js'
import type { EventMemory } from '../decode/event-memory.js'
import { readText } from '../decode/read-text.js'
import { EXE, PROCESS_BYTES } from '../decode/process-table.js'
import { connectEvent as at, connectFlag, connectOutcome, processFacts } from '../probe/wire.gen.js'
import type { HostNames } from '../write/late-names.js'
import { findName } from '../dns/find-name.js'
import type { NameCache } from '../dns/name-cache.js'

const ADDRESS_BYTES = 16
/** Addresses whose text is kept; beyond it they are made anew. */
const MAX_KEPT = 4096

/** Reading the clocks takes longer than reading an event: the distance is looked at this often. */
const OFFSET_NS = 1e9

/** @param isPending whether it is an entry of the probe's map, which has not ended yet */
type EventReader = (memory: EventMemory, byteOffset: number, isPending: boolean) => ConnectRow

/** When an event began, in ns since `epochNs`, and its thread. */
export function identifyEvent(
  { bytes }: EventMemory,
  from: number,
  epochNs: bigint,
): { startedNs: number; tid: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset + from, at.size_bytes)
  return { startedNs: Number(view.getBigUint64(at.started_ns, true) - epochNs), tid: view.getUint32(at.tid, true) }
}

/** Makes rows of events, one at a time: for a terminal, where `decodeConnect` is for millions of them. */
export function createEventReader(
  names: HostNames & { readonly dns: NameCache | null },
  clock: Pick<SessionClock, 'epochNs' | 'unixOffsetNs'>,
): EventReader {
  const addressOf = createAddressTexts()
  let offsetNs = clock.unixOffsetNs()
  let checkedNs = 0
  const toUnixNs = (startedNs: bigint) => {
    if (Number(startedNs) - checkedNs > OFFSET_NS) {
      offsetNs = clock.unixOffsetNs()
      checkedNs = Number(startedNs)
    }
    return startedNs + offsetNs
  }
  return (memory, from, isPending) => {
    const { bytes, words, processes } = memory
    const view = new DataView(bytes.buffer, bytes.byteOffset + from, at.size_bytes)
    const slot = processes.find(words, (from + at.process) >> 2)
    const process = readProcess(processes.bytes, slot * PROCESS_BYTES, names)
    const startedNs = view.getBigUint64(at.started_ns, true) - clock.epochNs
    const outcome = isPending ? connectOutcome.pending : view.getUint8(at.outcome)
    const isInexact = (view.getUint8(at.flags) & connectFlag.inexact) !== 0
    const local = bytes.subarray(from + at.local_address, from + at.local_address + ADDRESS_BYTES)
    const atNs = Number(startedNs)
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
      localAddress: isUnspecified(local) ? null : addressOf(local),
      localPort: view.getUint16(at.local_port, true) || null,
      remoteAddress: addressOf(bytes.subarray(from + at.remote_address, from + at.remote_address + ADDRESS_BYTES)),
      remotePort: view.getUint32(at.remote_port, true),
      ...readName(names.dns, memory, { byteOffset: from, slot, atNs }),
    }
  }
}

type ProcessPart = Pick<
  ConnectRow,
  'pid' | 'processStartNs' | 'comm' | 'exe' | 'uid' | 'user' | 'cgroup' | 'container' | 'netns' | 'mntns'
>

const UNKNOWN_PROCESS: ProcessPart = {
  pid: null,
  processStartNs: null,
  comm: null,
  exe: null,
  uid: null,
  user: null,
  cgroup: null,
  container: null,
  netns: null,
  mntns: null,
}

/** @param from byte offset in the table of processes */
function readProcess(bytes: Uint8Array, from: number, names: HostNames): ProcessPart {
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
    user: names.userName(uid) ?? null,
    cgroup,
    container: containerName(cgroup),
    netns,
    mntns: view.getUint32(processFacts.mntns, true) || null,
  }
}

type NamePart = Pick<ConnectRow, 'hasDnsSource' | 'dnsName' | 'dnsAgeNs' | 'dnsLookupNs' | 'dnsCandidates'>

function readName(
  names: NameCache | null,
  memory: EventMemory,
  event: { byteOffset: number; slot: number; atNs: number },
): NamePart {
  const match = names && findName(names, memory, event)
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
