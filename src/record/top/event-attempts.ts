import { formatAddress } from '../../attempt/address.js'
import { containerName } from '../../attempt/container-name.js'
import type { TopAttempt, TopEndpoint, TopParties, TopProcess } from '../../top/window/top-attempt.js'
import { findName } from '../dns/find-name.js'
import type { NameCache } from '../dns/name-cache.js'
import { type EventMemory, readText } from '../event/event-memory.js'
import { hasHostRoot, PROCESS_BYTES } from '../event/process-table.js'
import { connectEvent as at, connectFlag, connectOutcome, processFacts } from '../event/wire.gen.js'
import type { RecordingClock } from '../host/clock.js'
import { createContainerParts, NO_CONTAINER, type ContainerPart } from '../runtimes/container-part.js'
import type { HostNames } from '../write/late-names.js'
import { createWordInterner } from '../write/word-interner.js'

/** Endpoints kept as objects. If there are more, all are made again. */
const MAX_ENDPOINTS = 65_536
/** Age from which names of users and cgroups are looked up again: a cgroup may get its name after its first attempt. */
const RENEWED_NS = 2e9
const ENDPOINT_WORDS = (at.local_address - at.remote_address) / 4
const ADDRESS_BYTES = 16
const TWO_TO_32 = 4294967296

/** Reads events as attempts of the table: a few reads of memory for a known process and endpoint. */
export interface EventAttempts {
  /** An attempt that has ended. @param nowNs for renewing names */
  read(memory: EventMemory, byteOffset: number, nowNs: number): TopAttempt
  /** Where an event, or an entry of the map of pending attempts, belongs. */
  readParties(memory: EventMemory, byteOffset: number, nowNs: number): TopParties
}

export function createEventAttempts(
  names: HostNames & { readonly dns: NameCache | null },
  clock: Pick<RecordingClock, 'epochNs' | 'unixOffsetNs'>,
): EventAttempts {
  const processOf = createProcesses(names)
  const endpointOf = createEndpoints()
  const wall = createWallClock(clock)
  const dnsNameOf = (memory: EventMemory, byteOffset: number, slot: number) => {
    if (names.dns === null) return null
    const atNs = startOf(memory.words, byteOffset, clock.epochNs)
    return findName(names.dns, memory, { byteOffset, slot, atNs })?.name ?? null
  }
  const readParties = (memory: EventMemory, byteOffset: number, nowNs: number): TopParties => {
    const slot = memory.processes.find(memory.words, (byteOffset + at.process) >> 2)
    return {
      process: processOf(memory, slot, nowNs),
      endpoint: endpointOf(memory, byteOffset),
      dnsName: dnsNameOf(memory, byteOffset, slot),
    }
  }
  return {
    readParties,
    read(memory, byteOffset, nowNs) {
      const { words } = memory
      const result = words[(byteOffset + at.outcome) >> 2] as number
      const latency = (byteOffset + at.latency_ns) >> 2
      const outcome = result & 0xff
      const isPending = outcome === connectOutcome.pending
      const isInexact = ((result >>> 24) & connectFlag.inexact) !== 0
      return {
        ...readParties(memory, byteOffset, nowNs),
        unixNs: wall(nowNs) + startOf(words, byteOffset, clock.epochNs),
        latencyNs:
          isPending || isInexact ? null : (words[latency + 1] as number) * TWO_TO_32 + (words[latency] as number),
        outcome,
        errno: (words[(byteOffset + at.local_port) >> 2] as number) >>> 16,
        synRetransmits: isPending ? 0 : (result >>> 16) & 0xff,
      }
    },
  }
}

/** Start of an event in ns since the epoch. */
export function startOf(words: Uint32Array, byteOffset: number, epochNs: bigint): number {
  const started = (byteOffset + at.started_ns) >> 2
  const high = Number(epochNs >> 32n)
  const low = Number(epochNs & 0xffffffffn)
  return ((words[started + 1] as number) - high) * TWO_TO_32 + ((words[started] as number) - low)
}

/** Unix time at the start of the session, in ns, with the clock as it is set now. Rounded to about 256 ns. */
function createWallClock(clock: Pick<RecordingClock, 'unixOffsetNs'>): (nowNs: number) => number {
  let offsetNs = 0
  let readNs = -Infinity
  return (nowNs) => {
    if (nowNs - readNs < 1e9) return offsetNs
    readNs = nowNs
    offsetNs = Number(clock.unixOffsetNs())
    return offsetNs
  }
}

interface Known {
  readonly serial: number
  readonly renewNs: number
  readonly process: TopProcess
}

/** Names that may become known later. */
const NAMES = ['user', 'container', 'containerName', 'containerImage', 'podName', 'podNamespace'] as const

type ProcessNames = HostNames & { readonly containerOf: (cgroup: string | null) => ContainerPart }

/** Processes by slot of the table; a slot has a new serial when it gets another process. */
function createProcesses(hostNames: HostNames) {
  const names = { ...hostNames, containerOf: createContainerParts(hostNames.containerFacts) }
  const known: Known[] = []
  return ({ processes }: EventMemory, slot: number, nowNs: number): TopProcess => {
    const serial = processes.serialOf(slot)
    const last = known[slot]
    if (last?.serial === serial && nowNs < last.renewNs) return last.process
    const read = readProcess(processes.bytes, slot * PROCESS_BYTES, names)
    // The same object while nothing has changed.
    const process =
      last?.serial === serial && NAMES.every((name) => last.process[name] === read[name]) ? last.process : read
    known[slot] = { serial, renewNs: nowNs + RENEWED_NS, process }
    return process
  }
}

const UNKNOWN_PROCESS: TopProcess = {
  pid: null,
  processStartNs: null,
  comm: null,
  uid: null,
  user: null,
  container: null,
  ...NO_CONTAINER,
}

/** @param from byte offset in the table of processes */
function readProcess(bytes: Uint8Array, from: number, names: ProcessNames): TopProcess {
  const view = new DataView(bytes.buffer, from, PROCESS_BYTES)
  const pid = view.getUint32(processFacts.pid, true)
  if (pid === 0) return UNKNOWN_PROCESS
  const uid = view.getUint32(processFacts.uid, true)
  const cgroup = names.cgroupPath(view.getBigUint64(processFacts.cgroup_id, true)) ?? null
  return {
    pid,
    processStartNs: view.getBigUint64(processFacts.process_start_ns, true),
    comm: readText(bytes, from + processFacts.comm, processFacts.size_bytes - processFacts.comm),
    uid,
    user: hasHostRoot(view, 0) ? (names.userName(uid) ?? null) : null,
    container: containerName(cgroup),
    ...names.containerOf(cgroup),
  }
}

function createEndpoints() {
  const interner = createWordInterner(ENDPOINT_WORDS)
  let endpoints: TopEndpoint[] = []
  return ({ words, bytes }: EventMemory, byteOffset: number): TopEndpoint => {
    const entry = interner.intern(words, (byteOffset + at.remote_address) >> 2)
    if (entry >= 0) return endpoints[entry] as TopEndpoint
    const from = byteOffset + at.remote_address
    const endpoint = {
      remoteAddress: formatAddress(bytes.subarray(from, from + ADDRESS_BYTES)),
      remotePort: words[(byteOffset + at.remote_port) >> 2] as number,
    }
    endpoints[-1 - entry] = endpoint
    if (interner.size >= MAX_ENDPOINTS) {
      interner.truncate(0)
      endpoints = []
    }
    return endpoint
  }
}
