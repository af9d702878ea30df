import type { Probe } from '../../../src/record/probe/load-probe.js'
import { RECORD_BYTES, createRingReader } from '../../../src/record/probe/ring-reader.js'
import { connectEvent } from '../../../src/record/probe/wire.gen.js'
import { packEvents, type EventFields } from '../make-events.js'

const RING_RECORDS = 65_536
const HEADER_BYTES = 8

/** A probe whose ring is plain memory, filled by the test. */
export interface FakeProbe extends Probe {
  /** Commits events; those that find no room are counted as lost. */
  emit(events: readonly Partial<EventFields>[]): void
  readonly losses: { ringFull: number; mapFull: number; missed: number }
  /** What `pending` gives. */
  waiting: readonly Partial<EventFields>[]
  /** Calls of start, stop, detach and close, in their order. */
  readonly calls: string[]
}

export function createFakeProbe(): FakeProbe {
  const buffer = new ArrayBuffer(RING_RECORDS * RECORD_BYTES)
  const [words, bytes] = [new Uint32Array(buffer), new Uint8Array(buffer)]
  const [consumer, producer] = [new BigUint64Array(1), new BigUint64Array(1)]
  const losses = { ringFull: 0, mapFull: 0, missed: 0 }
  const calls: string[] = []
  const note = (call: string) => () => void calls.push(call)
  const append = (event: Uint8Array) => {
    const position = producer[0] as bigint
    if (position - (consumer[0] as bigint) >= BigInt(buffer.byteLength)) return void losses.ringFull++
    const at = Number(position % BigInt(buffer.byteLength))
    words[at / 4] = connectEvent.size_bytes
    bytes.set(event, at + HEADER_BYTES)
    producer[0] = position + BigInt(RECORD_BYTES)
  }
  return {
    ring: createRingReader(consumer, producer, buffer, 0),
    context: { read: () => 0, endedBusy: () => false, close() {} },
    gaps: [],
    lostContext: () => 0,
    lostDetails: () => ({ calls: 0, cgroups: 0 }),
    losses,
    calls,
    waiting: [],
    emit(events) {
      const packed = packEvents(events)
      for (const offset of packed.offsets) append(packed.bytes.subarray(offset, offset + connectEvent.size_bytes))
    },
    lost: () => ({ ...losses }),
    follow: (pid) => void calls.push(`follow ${pid}`),
    start: note('start'),
    stop: note('stop'),
    detach: note('detach'),
    pending() {
      return { ...packEvents(this.waiting), count: this.waiting.length }
    },
    close: note('close'),
  }
}
