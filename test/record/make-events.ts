import { connectEvent } from '../../src/record/probe/wire.gen.js'
import type { EventMemory } from '../../src/record/decode/decode-connect.js'
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
export const EVENT: EventFields = {
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
  events.forEach((event, i) => packEvent(bytes, offsets[i] as number, { ...EVENT, ...event }))
  const source: EventSource = (take, limit) => {
    const passed = offsets.slice(0, limit)
    passed.forEach(take)
    return passed.length
  }
  return { bytes, words: new Uint32Array(bytes.buffer), offsets, source }
}

function packEvent(bytes: Uint8Array, at: number, event: EventFields): void {
  const view = new DataView(bytes.buffer, at, connectEvent.size_bytes)
  view.setBigUint64(connectEvent.started_ns, event.startedNs, true)
  view.setBigUint64(connectEvent.latency_ns, event.latencyNs, true)
  view.setBigUint64(connectEvent.process_start_ns, event.processStartNs, true)
  view.setBigUint64(connectEvent.cgroup_id, event.cgroupId, true)
  view.setBigUint64(connectEvent.exe_inode, event.exeInode, true)
  for (const name of ['pid', 'uid', 'netns', 'mntns', 'tid'] as const)
    view.setUint32(connectEvent[name], event[name], true)
  view.setUint32(connectEvent.remote_port, event.remotePort, true)
  view.setUint16(connectEvent.local_port, event.localPort, true)
  view.setUint16(connectEvent.error, event.error, true)
  view.setUint8(connectEvent.outcome, event.outcome)
  view.setUint8(connectEvent.family, event.family)
  view.setUint8(connectEvent.syn_retransmits, event.synRetransmits)
  view.setUint8(connectEvent.flags, event.flags)
  bytes.set(Buffer.from(event.remoteAddress, 'hex'), at + connectEvent.remote_address)
  bytes.set(Buffer.from(event.localAddress, 'hex'), at + connectEvent.local_address)
  bytes.set(toBytes(event.comm).subarray(0, 16), at + connectEvent.comm)
  bytes.set(toBytes(event.exe).subarray(0, 128), at + connectEvent.exe)
}

function toBytes(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text
}
