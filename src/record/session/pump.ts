import { NO_LOSS, addLoss, sumLoss, type LossCounts } from '../../attempt/loss-causes.js'
import { createLossMeter, type LossMeter, type ProbeLosses } from '../count/loss-meter.js'
import type { Lookup } from '../dns/lookup.js'
import type { Metadata } from '../dns/metadata-reader.js'
import type { EventMemory } from '../event/event-memory.js'
import { isLocked } from '../output/write-fault.js'
import type { Probe } from '../probe/load-probe.js'
import type { AttemptBatch } from '../write/attempt-batch.js'
import { BATCH_ROWS, type TraceWriter } from '../write/trace-writer.js'

/** A committed batch. Its events stay in the ring until every observer has returned. */
export interface CommittedBatch {
  readonly rows: AttemptBatch
  readonly memory: EventMemory
  /** Attempts lost since the batch before */
  readonly loss: LossCounts
  /** Calls `take` with the byte offset of each event in `memory`, oldest first. */
  forEachEvent(take: (byteOffset: number) => void): void
}

/** Receives each batch between commit and release. */
export type Observer = (batch: CommittedBatch) => void

/** Receives lookups after their commit. */
export type LookupObserver = (lookups: readonly Lookup[]) => void

/** Moves events from the ring into the trace. */
export interface Pump {
  /**
   * Empties the ring in transactions of `BATCH_ROWS` events.
   * @param now recording time
   * @returns false if another process keeps the file locked: the events stay in the ring for the next call
   */
  drain(now: () => number): boolean
  /** Writes the lookups that are left, at the end of a recording. */
  finishLookups(): void
  /** Runs `body`, which delays reading the ring: losses meanwhile count as writer behind. Not nested. @param now as for `drain` */
  hold<Result>(now: () => number, body: (startNs: number) => Result): Result
  /** Records attempts that are missing because the kernel skipped the probe. @param nowNs recording time */
  writeSkipped(count: number, nowNs: number): void
  readonly rows: number
  readonly loss: LossMeter
}

export interface PumpSource {
  readonly probe: Pick<Probe, 'ring' | 'lost'>
  readonly metadata: Pick<Metadata, 'read' | 'lookups'>
  readonly writer: TraceWriter
}

/** State before the first event of this pump. */
export interface PumpStart {
  /** Losses counted in an earlier file. */
  readonly lostBefore?: ProbeLosses
  /** When the ring was last read, in recording time. */
  readonly sinceNs?: number
  /** Time since then. */
  readonly heldNs?: number
  readonly onLookups?: LookupObserver
}

export function createPump(
  { probe, metadata, writer }: PumpSource,
  observers: readonly Observer[],
  { lostBefore, sinceNs = 0, heldNs = 0, onLookups = () => {} }: PumpStart = {},
): Pump {
  const { ring } = probe
  const meter = createLossMeter(probe.lost, lostBefore)
  const losses = createTimedLosses(meter, { sinceNs, heldNs })
  const { hold } = losses
  let rows = 0

  const writeLookups = () => onLookups(writer.writeLookups())
  /** The pipeline: attach names → decode and commit → observers → release. @returns rows written */
  const moveBatch = (nowNs: number): number => {
    const loss = losses.take(nowNs)
    // An answer is written to its ring before the attempt that follows it. Attempts that arrive while names are read
    // wait.
    const namedBytes = ring.pendingBytes()
    metadata.read()
    if (namedBytes === 0 && sumLoss(loss) === 0) return 0
    const count = writer.write(ring, (take, limit) => ring.peek(take, limit, namedBytes), loss, nowNs)
    losses.forget()
    const batch = { rows: writer.batch, memory: ring, loss, forEachEvent: ring.peekAgain }
    for (const observe of observers) observe(batch)
    ring.release()
    rows += count
    return count
  }
  return {
    hold,
    loss: meter,
    get rows() {
      return rows
    },
    writeSkipped(count, nowNs) {
      const batch = writeSkipped(writer, ring, count, nowNs)
      meter.addSkipped(count)
      for (const observe of observers) observe(batch)
    },
    finishLookups() {
      while (metadata.lookups.length > 0) writeLookups()
    },
    drain(now) {
      try {
        while (hold(now, moveBatch) === BATCH_ROWS);
        hold(now, writeLookups)
        losses.setLockedOut(false)
        return true
      } catch (error) {
        if (!isLocked(error)) throw error
        losses.setLockedOut(true)
        return false
      }
    },
  }
}

/** Losses by cause: a ring that is full while the file is written, or locked, is the delay of the writer. */
function createTimedLosses(meter: LossMeter, { sinceNs, heldNs }: { sinceNs: number; heldNs: number }) {
  let lastLookNs = sinceNs
  let writingNs = heldNs
  let isLockedOut = false
  /** Read from the meter, but not yet in the file. */
  let unwritten: LossCounts | null = null
  return {
    /** All losses that are not in the file. */
    take(nowNs: number): LossCounts {
      const loss = meter.take(isLockedOut || writingNs * 2 > nowNs - lastLookNs)
      lastLookNs = nowNs
      writingNs = 0
      unwritten = unwritten ? addLoss(unwritten, loss) : loss
      return unwritten
    },
    /** Call when those of the last `take` are in the file. */
    forget() {
      unwritten = null
    },
    setLockedOut(value: boolean) {
      isLockedOut = value
    },
    hold<Result>(now: () => number, body: (startNs: number) => Result): Result {
      const startNs = now()
      try {
        return body(startNs)
      } finally {
        writingNs += now() - startNs
      }
    },
  }
}

/** @returns a batch without attempts */
function writeSkipped(writer: TraceWriter, memory: EventMemory, count: number, nowNs: number): CommittedBatch {
  const loss = { ...NO_LOSS, skipped: count }
  writer.write(memory, () => 0, loss, nowNs)
  return { rows: writer.batch, memory, loss, forEachEvent() {} }
}
