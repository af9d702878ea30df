import { connectEvent } from '../../src/record/probe/wire.gen.js'
import type { EventMemory } from '../../src/record/decode/event-memory.js'
import type { EventSource } from '../../src/record/write/trace-writer.js'

/** Fields of struct connect_event, as the probe writes them. Addresses are 16 bytes in hexadecimal. */
export interface EventFields {
  startedNs: bigint
  latencyNs: bigint
  processStartNs: bigint
  cgroupId: bigint
  exeInode: bigint
  pid: number
  uid: number
  netns: number
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

/** Events one after the other, and their byte offsets. */
export interface PackedEvents extends EventMemory {
  readonly offsets: readonly number[]
  /** Passes them all, as the ring does. */
  readonly source: EventSource
}

/** Packs events; what is not given is as in `EVENT`. */
export function packEvents(events: readonly Partial<EventFields>[]): PackedEvents {
  const bytes = new Uint8Array(events.length * connectEvent.size_bytes)
  const offsets = events.map((_, i) => i * connectEvent.size_bytes)
  events.forEach((event, i) => {
    const record = bytes.subarray(offsets[i], (offsets[i] as number) + connectEvent.size_bytes)
    record.set(TEMPLATE)
    setFields(record, event)
  })
  const source: EventSource = (take, limit) => {
    const passed = offsets.slice(0, limit)
    passed.forEach(take)
    return passed.length
  }
  return { bytes, words: new Uint32Array(bytes.buffer), offsets, source }
}

type Setter = (view: DataView, offset: number, value: number) => void
const set64 = (view: DataView, offset: number, value: bigint) => view.setBigUint64(offset, value, true)
const set32: Setter = (view, offset, value) => view.setUint32(offset, value, true)
const set16: Setter = (view, offset, value) => view.setUint16(offset, value, true)
const set8: Setter = (view, offset, value) => view.setUint8(offset, value)

/** Writes the fields that are given into one record. */
function setFields(record: Uint8Array, event: Partial<EventFields>): void {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
  const put = <T>(set: (view: DataView, offset: number, value: T) => void, offset: number, value: T | undefined) => {
    if (value !== undefined) set(view, offset, value)
  }
  const putBytes = (offset: number, length: number, value: Uint8Array | undefined) => {
    if (value) record.fill(0, offset, offset + length).set(value.subarray(0, length), offset)
  }
  put(set64, connectEvent.started_ns, event.startedNs)
  put(set64, connectEvent.latency_ns, event.latencyNs)
  put(set64, connectEvent.process_start_ns, event.processStartNs)
  put(set64, connectEvent.cgroup_id, event.cgroupId)
  put(set64, connectEvent.exe_inode, event.exeInode)
  for (const name of ['pid', 'uid', 'netns', 'mntns', 'tid'] as const) put(set32, connectEvent[name], event[name])
  put(set32, connectEvent.remote_port, event.remotePort)
  put(set16, connectEvent.local_port, event.localPort)
  put(set16, connectEvent.error, event.error)
  for (const name of ['outcome', 'family', 'flags'] as const) put(set8, connectEvent[name], event[name])
  put(set8, connectEvent.syn_retransmits, event.synRetransmits)
  putBytes(
    connectEvent.remote_address,
    16,
    event.remoteAddress === undefined ? undefined : fromHex(event.remoteAddress),
  )
  putBytes(connectEvent.local_address, 16, event.localAddress === undefined ? undefined : fromHex(event.localAddress))
  putBytes(connectEvent.comm, 16, event.comm === undefined ? undefined : toBytes(event.comm))
  putBytes(connectEvent.exe, 128, event.exe === undefined ? undefined : toBytes(event.exe))
}

function fromHex(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex')
}

function toBytes(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text
}

const TEMPLATE = new Uint8Array(connectEvent.size_bytes)
setFields(TEMPLATE, EVENT)
