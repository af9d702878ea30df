import { RING_BYTES, type Probe } from '../../../src/record/probe/load-probe.js'
import type { SkippedRuns } from '../../../src/record/probe/skipped-runs.js'
import { connectEvent } from '../../../src/record/event/wire.gen.js'
import { packEvents, type EventFields } from '../make-events.js'
import { createMemoryRing } from '../probe/memory-ring.js'

/** A probe whose ring is in plain memory. The test fills it. */
export interface FakeProbe extends Probe {
  /** Commits events. Counts them as lost if the ring is full. */
  emit(events: readonly Partial<EventFields>[]): void
  readonly losses: { ringFull: number; mapFull: number }
  /** Results of `skipped`, `lostProcesses` and `lostDetails`. */
  readonly counts: {
    skipped: SkippedRuns | null
    lostProcesses: number
    calls: number
    addresses: number
    cgroups: number
    children: number
    resolves: number
  }
  /** Result of `pending`. */
  waiting: readonly Partial<EventFields>[]
  /** Calls of start, stop, detach and close, in order. */
  readonly calls: string[]
}

export function createFakeProbe(): FakeProbe {
  const { reader: ring, append } = createMemoryRing(RING_BYTES)
  const losses = { ringFull: 0, mapFull: 0 }
  const counts: FakeProbe['counts'] = {
    skipped: null,
    lostProcesses: 0,
    calls: 0,
    addresses: 0,
    cgroups: 0,
    children: 0,
    resolves: 0,
  }
  const calls: string[] = []
  const note = (call: string) => () => void calls.push(call)
  const sent = new Set<Uint8Array>()
  /** Sends a process before its first attempt. If the ring is full, sends it before the next attempt. */
  const sendProcesses = (records: readonly Uint8Array[]) => {
    for (const record of records) if (!sent.has(record) && append(record) !== null) sent.add(record)
  }
  return {
    ring,
    metadata: { read: () => 0, isBusy: () => false, close() {} },
    newCgroupsFd: -1,
    gaps: [],
    lostMetadata: () => 0,
    lostProcesses: () => counts.lostProcesses,
    skipped: () => counts.skipped,
    tend() {},
    forgetProcesses() {},
    lostDetails: () => ({
      calls: counts.calls,
      addresses: counts.addresses,
      cgroups: counts.cgroups,
      children: counts.children,
      resolves: counts.resolves,
    }),
    losses,
    counts,
    calls,
    waiting: [],
    emit(events) {
      const packed = packEvents(events)
      sendProcesses(packed.processRecords)
      for (const offset of packed.offsets) {
        if (append(packed.bytes.subarray(offset, offset + connectEvent.size_bytes)) === null) losses.ringFull++
      }
    },
    lost: () => ({ ...losses }),
    follow: (pid) => void calls.push(`follow ${pid}`),
    start: note('start'),
    stop: note('stop'),
    detach: note('detach'),
    pending() {
      const packed = packEvents(this.waiting)
      sendProcesses(packed.processRecords)
      ring.learnProcesses()
      return { ...packed, processes: ring.processes, count: this.waiting.length }
    },
    close: note('close'),
  }
}
