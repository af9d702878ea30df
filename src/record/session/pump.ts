import { addLoss, sumLoss, type LossCounts } from '../../attempt/loss-text.js'
import { createLossMeter, type LossMeter, type ProbeLosses } from '../count/loss-meter.js'
import type { Metadata } from '../dns/metadata-reader.js'
import type { EventMemory } from '../event/event-memory.js'
import { isLocked } from '../output/write-fault.js'
import type { Probe } from '../probe/load-probe.js'
import type { AttemptBatch } from '../write/attempt-batch.js'
import { BATCH_ROWS, type TraceWriter } from '../write/trace-writer.js'

const NO_LOSS: LossCounts = { ringFull: 0, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 }

/** A committed batch. Its events stay in the ring until every observer has returned. */
export interface CommittedBatch {
  readonly rows: AttemptBatch
  readonly memory: EventMemory
  /** Calls `take` with the byte offset of each event in `memory`, oldest first. */
  forEachEvent(take: (byteOffset: number) => void): void
}

/** Receives each batch between commit and release. */
export type Observer = (batch: CommittedBatch) => void

/** Moves events from the ring into the trace. */
export interface Pump {
  /**
   * Empties the ring in transactions of `BATCH_ROWS` events.
   * @param now recording time
   * @returns false if another process keeps the file locked: the events stay in the ring for the next call
   */
  drain(now: () => number): boolean
  /** Runs `body`, which delays reading the ring: losses meanwhile count as writer behind. Not nested. @param now as for `drain` */
  hold<Result>(now: () => number, body: (startNs: number) => Result): Result
  /** Records attempts that are missing because the kernel skipped the probe. @param nowNs recording time */
  writeSkipped(count: number, nowNs: number): void
  readonly rows: number
  readonly loss: LossMeter
}

export interface PumpSource {
  readonly probe: Pick<Probe, 'ring' | 'lost'>
  readonly metadata: Pick<Metadata, 'read'>
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
}

export function createPump(
  { probe, metadata, writer }: PumpSource,
  observers: readonly Observer[],
  { lostBefore, sinceNs = 0, heldNs = 0 }: PumpStart = {},
): Pump {
  const { ring } = probe
  const meter = createLossMeter(probe.lost, lostBefore)
  let rows = 0
  let lastLookNs = sinceNs
  let writingNs = heldNs
  let isLockedOut = false
  /** Read from the meter, but not yet in the file. */
  let unwritten: LossCounts | null = null

  const takeLoss = (nowNs: number): LossCounts => {
    const loss = meter.take(isLockedOut || writingNs * 2 > nowNs - lastLookNs)
    lastLookNs = nowNs
    writingNs = 0
    return unwritten ? addLoss(unwritten, loss) : loss
  }
  const hold = <Result>(now: () => number, body: (startNs: number) => Result): Result => {
    const startNs = now()
    try {
      return body(startNs)
    } finally {
      writingNs += now() - startNs
    }
  }
  /** The pipeline: attach names → decode and commit → observers → release. @returns rows written */
  const moveBatch = (nowNs: number): number => {
    const loss = takeLoss(nowNs)
    unwritten = loss
    // An answer is written to its ring before the attempt that follows it. Attempts that arrive while names are read
    // wait.
    const namedBytes = ring.pendingBytes()
    metadata.read()
    if (namedBytes === 0 && sumLoss(loss) === 0) return 0
    const count = writer.write(ring, (take, limit) => ring.peek(take, limit, namedBytes), loss, nowNs)
    unwritten = null
    for (const observe of observers) observe({ rows: writer.batch, memory: ring, forEachEvent: ring.peekAgain })
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
    writeSkipped: (count, nowNs) => writeSkipped(writer, { ring, meter }, count, nowNs),
    drain(now) {
      try {
        while (hold(now, moveBatch) === BATCH_ROWS);
        hold(now, () => writer.writeLookups())
        isLockedOut = false
        return true
      } catch (error) {
        if (!isLocked(error)) throw error
        isLockedOut = true
        return false
      }
    },
  }
}

function writeSkipped(
  writer: TraceWriter,
  { ring, meter }: { readonly ring: EventMemory; readonly meter: LossMeter },
  count: number,
  nowNs: number,
): void {
  writer.write(ring, () => 0, { ...NO_LOSS, skipped: count }, nowNs)
  meter.addSkipped(count)
}
