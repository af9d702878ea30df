import { addLoss, sumLoss, type LossCounts } from '../../store/loss-text.js'
import { BATCH_ROWS, type TraceWriter } from '../write/trace-writer.js'
import type { Probe } from '../probe/load-probe.js'
import { isLocked } from './session-row.js'
import { createLossMeter, type LossMeter, type ProbeLosses } from './loss-meter.js'

const NO_LOSS: LossCounts = { ringFull: 0, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 }

/** Moves events from the ring into the trace. */
export interface Pump {
  /**
   * Empties the ring, a transaction per `BATCH_ROWS` events.
   * @param now the session clock, in ns
   * @returns false when somebody else holds the file locked: the events stay in the ring for the next call
   */
  drain(now: () => number): boolean
  /** Runs what keeps the ring waiting: what is lost meanwhile is the writer's. @param now as for `drain` */
  hold<Result>(now: () => number, body: () => Result): Result
  /** Writes down attempts that are missing because the kernel skipped the probe. @param nowNs session time */
  writeSkipped(count: number, nowNs: number): void
  readonly rows: number
  readonly loss: LossMeter
}

/** What a pump moves from. */
export interface PumpSource extends Pick<Probe, 'ring' | 'lost'> {
  /** Losses that were written into another file already. */
  readonly lostBefore?: ProbeLosses
  /** How long the ring has been waiting for this pump. */
  readonly heldNs?: number
}

/** @param onBatch called after each commit */
export function createPump(probe: PumpSource, writer: TraceWriter, onBatch: () => void): Pump {
  const meter = createLossMeter(probe.lost, probe.lostBefore)
  let rows = 0
  let lastLookNs = 0
  let writingNs = probe.heldNs ?? 0
  let isLockedOut = false
  /** Taken from the meter, but not yet in the file. */
  let unwritten: LossCounts | null = null

  const takeLoss = (nowNs: number): LossCounts => {
    const loss = meter.take(isLockedOut || writingNs * 2 > nowNs - lastLookNs)
    lastLookNs = nowNs
    writingNs = 0
    return unwritten ? addLoss(unwritten, loss) : loss
  }
  const hold = <Result>(now: () => number, body: () => Result): Result => {
    const startNs = now()
    try {
      return body()
    } finally {
      writingNs += now() - startNs
    }
  }
  const writeBatch = (now: () => number): number => {
    const startNs = now()
    const loss = takeLoss(startNs)
    unwritten = loss
    try {
      if (probe.ring.pendingBytes() === 0 && sumLoss(loss) === 0) return 0
      const count = writer.write(probe.ring, probe.ring.peek, loss, startNs)
      probe.ring.release()
      unwritten = null
      rows += count
      onBatch()
      return count
    } finally {
      writingNs += now() - startNs
    }
  }
  return {
    hold,
    loss: meter,
    writeSkipped: (count, nowNs) => writeSkipped(probe, writer, meter, { count, nowNs }),
    get rows() {
      return rows
    },
    drain(now) {
      try {
        while (writeBatch(now) === BATCH_ROWS);
        writer.writeLookups()
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
  { ring }: PumpSource,
  writer: TraceWriter,
  meter: LossMeter,
  { count, nowNs }: { readonly count: number; readonly nowNs: number },
): void {
  writer.write(ring, () => 0, { ...NO_LOSS, skipped: count }, nowNs)
  meter.addSkipped(count)
}
