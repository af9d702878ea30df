import { formatAddress, isUnspecified } from '../../store/address.js'
import { OUTCOMES } from '../../store/outcome.js'
import type { ConnectRow } from '../../view/connect-row.js'
import { containerName } from '../../view/container-name.js'
import type { SessionClock } from '../host/clock.js'
import type { EventMemory } from '../decode/event-memory.js'
import { readText } from '../decode/read-text.js'
import { connectEvent as at, connectOutcome } from '../probe/wire.gen.js'
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
  return ({ bytes, words }, from, isPending) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset + from, at.size_bytes)
    const startedNs = view.getBigUint64(at.started_ns, true) - clock.epochNs
    const outcome = isPending ? connectOutcome.pending : view.getUint8(at.outcome)
    const uid = view.getUint32(at.uid, true)
    const cgroup = names.cgroupPath(view.getBigUint64(at.cgroup_id, true)) ?? null
    const local = bytes.subarray(from + at.local_address, from + at.local_address + ADDRESS_BYTES)
    const atNs = Number(startedNs)
    return {
      startedNs: atNs,
      unixNs: toUnixNs(startedNs),
      latencyNs: isPending ? null : Number(view.getBigUint64(at.latency_ns, true)),
      outcome: OUTCOMES[outcome] ?? 'pending',
      errno: isPending ? null : view.getUint16(at.error, true) || null,
      synRetransmits: isPending ? null : view.getUint8(at.syn_retransmits),
      pid: view.getUint32(at.pid, true),
      tid: view.getUint32(at.tid, true),
      processStartNs: view.getBigUint64(at.process_start_ns, true),
      comm: readText(bytes, from + at.comm, at.tid - at.comm),
      exe: view.getBigUint64(at.exe_inode, true) === 0n ? null : readText(bytes, from + at.exe, at.size_bytes - at.exe),
      uid,
      user: names.userName(uid) ?? null,
      cgroup,
      container: containerName(cgroup),
      netns: view.getUint32(at.netns, true),
      mntns: view.getUint32(at.mntns, true) || null,
      family: view.getUint8(at.family) === 6 ? 6 : 4,
      localAddress: isUnspecified(local) ? null : addressOf(local),
      localPort: view.getUint16(at.local_port, true) || null,
      remoteAddress: addressOf(bytes.subarray(from + at.remote_address, from + at.remote_address + ADDRESS_BYTES)),
      remotePort: view.getUint32(at.remote_port, true),
      ...readName(names.dns, { words }, { byteOffset: from, atNs }),
    }
  }
}

type NamePart = Pick<ConnectRow, 'hasDnsSource' | 'dnsName' | 'dnsAgeNs' | 'dnsLookupNs' | 'dnsCandidates'>

function readName(
  names: NameCache | null,
  memory: Pick<EventMemory, 'words'>,
  event: { byteOffset: number; atNs: number },
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
