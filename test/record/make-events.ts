import { createProcessTable } from '../../src/record/event/process-table.js'
import { connectEvent, processEvent, processFacts } from '../../src/record/event/wire.gen.js'
import type { EventMemory } from '../../src/record/event/event-memory.js'
import type { EventSource } from '../../src/record/write/trace-writer.js'

/**
 * Fields of struct connect_event and of its process. Addresses are 16 bytes in hexadecimal. A pid of 0 means an unknown
 * process.
 */
export interface EventFields {
  startedNs: bigint
  latencyNs: bigint
  processStartNs: bigint
  cgroupId: bigint
  exeInode: bigint
  pid: number
  uid: number
  netns: number
  netnsCookie: bigint
  hasHostRoot: boolean
  mntns: number
  comm: string | Uint8Array
  tid: number
  remoteAddress: string
  remotePort: number
  localAddress: string
  localPort: number
  error: number
  outcome: number
  family: number
  synRetransmits: number
  flags: number
  exe: string | Uint8Array
}

export const MAPPED_PREFIX = '00000000000000000000ffff'
export const LOOPBACK = `${MAPPED_PREFIX}7f000001`
export const LOOPBACK6 = '00000000000000000000000000000001'
export const UNSPECIFIED = `${MAPPED_PREFIX}00000000`

/** An established attempt of curl to 127.0.0.1:443, one second after boot. */
const EVENT: EventFields = {
  startedNs: 1_000_000_000n,
  latencyNs: 50_000n,
  processStartNs: 900_000_000n,
  cgroupId: 77n,
  exeInode: 4711n,
  pid: 1000,
  uid: 33,
  netns: 4_026_531_840,
  netnsCookie: 0n,
  hasHostRoot: true,
  mntns: 4_026_531_841,
  comm: 'curl',
  tid: 1000,
  remoteAddress: LOOPBACK,
  remotePort: 443,
  localAddress: LOOPBACK,
  localPort: 40_000,
  error: 0,
  outcome: 0,
  family: 4,
  synRetransmits: 0,
  flags: 0,
  exe: 'curl',
}

/** The bytes of events in sequence, and their byte offsets. */
export interface PackedEvents extends EventMemory {
  readonly offsets: readonly number[]
  /** A struct process_event for each process of these events. */
  readonly processRecords: readonly Uint8Array[]
  /** Adds all processes to the table, as the reader of the ring does. */
  readonly source: EventSource
}

/** Packs events. Missing fields have the values of `EVENT`. */
export function packEvents(events: readonly Partial<EventFields>[]): PackedEvents {
  const bytes = new Uint8Array(events.length * connectEvent.size_bytes)
  const offsets = events.map((_, i) => i * connectEvent.size_bytes)
  events.forEach((event, i) => {
    const record = bytes.subarray(offsets[i], (offsets[i] as number) + connectEvent.size_bytes)
    setFields(record, { ...EVENT, ...event })
  })
  const known = events.filter((event) => event.pid !== 0)
  const processRecords = [...new Set(known.map((event) => processRecordOf({ ...EVENT, ...event })))]
  const source: EventSource = (take, limit) => {
    const passed = offsets.slice(0, limit)
    passed.forEach(take)
    return passed.length
  }
  return { bytes, words: new Uint32Array(bytes.buffer), processes, offsets, processRecords, source }
}

type Setter = (view: DataView, offset: number, value: number) => void
const set64 = (view: DataView, offset: number, value: bigint) => view.setBigUint64(offset, value, true)
const set32: Setter = (view, offset, value) => view.setUint32(offset, value, true)
const set16: Setter = (view, offset, value) => view.setUint16(offset, value, true)
const set8: Setter = (view, offset, value) => view.setUint8(offset, value)

function setFields(record: Uint8Array, event: EventFields): void {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
  set64(view, connectEvent.started_ns, event.startedNs)
  set64(view, connectEvent.latency_ns, event.latencyNs)
  if (event.pid === 0) set32(view, connectEvent.process, event.netns)
  else record.set(processRecordOf(event).subarray(processEvent.key, processEvent.facts), connectEvent.process)
  set32(view, connectEvent.tid, event.tid)
  set32(view, connectEvent.remote_port, event.remotePort)
  set16(view, connectEvent.local_port, event.localPort)
  set16(view, connectEvent.error, event.error)
  for (const name of ['outcome', 'family', 'flags'] as const) set8(view, connectEvent[name], event[name])
  set8(view, connectEvent.syn_retransmits, event.synRetransmits)
  record.set(fromHex(event.remoteAddress), connectEvent.remote_address)
  record.set(fromHex(event.localAddress), connectEvent.local_address)
}

/** The slot of an event's process in the process table. */
export function slotOf({ words, processes: table }: EventMemory, byteOffset: number): number {
  return table.find(words, (byteOffset + connectEvent.process) / 4)
}

/** All processes of the tests, one key each, in the table of one ring. */
const processes = createProcessTable()
const records = new Map<string, Uint8Array>()

function processRecordOf(event: EventFields): Uint8Array {
  const { processStartNs, cgroupId, exeInode, netnsCookie, hasHostRoot, pid, uid, netns, mntns, comm, exe } = event
  const words = `${processStartNs} ${cgroupId} ${exeInode} ${netnsCookie} ${hasHostRoot}`
  const identity = JSON.stringify([words, pid, uid, netns, mntns, comm, exe])
  const known = records.get(identity)
  if (known) return known
  const record = makeProcessRecord(event, { position: records.size, generation: 1 })
  records.set(identity, record)
  processes.add(new Uint32Array(record.buffer), record, 0)
  return record
}

function makeProcessRecord(event: EventFields, key: { position: number; generation: number }): Uint8Array {
  const record = new Uint8Array(processEvent.size_bytes)
  const view = new DataView(record.buffer)
  const facts = (name: keyof typeof processFacts) => processEvent.facts + processFacts[name]
  set32(view, processEvent.key, key.position)
  set32(view, processEvent.key + 4, key.generation)
  set64(view, facts('process_start_ns'), event.processStartNs)
  set64(view, facts('cgroup_id'), event.cgroupId)
  set64(view, facts('exe_inode'), event.exeInode)
  set64(view, facts('netns_cookie'), event.netnsCookie)
  set64(view, facts('host_root'), event.hasHostRoot ? 1n : 0n)
  for (const name of ['pid', 'uid', 'netns', 'mntns'] as const) set32(view, facts(name), event[name])
  record.set(toBytes(event.comm).subarray(0, 16), facts('comm'))
  record.set(toBytes(event.exe).subarray(0, processEvent.size_bytes - processEvent.exe), processEvent.exe)
  return record
}

function fromHex(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex')
}

function toBytes(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text
}
