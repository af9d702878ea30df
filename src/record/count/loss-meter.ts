import { addLoss, NO_LOSS, type LossCounts } from '../../attempt/loss-causes.js'

/** Counts of the probe, as totals since load. */
export type ProbeLosses = Pick<LossCounts, 'ringFull' | 'mapFull'>

/** Splits the probe's totals into losses since the last call, by cause. */
export interface LossMeter {
  /**
   * Loss since the last `take`.
   * @param writerHeldUs whether writing took the time since then: the writer is then the cause of a full ring
   */
  take(writerHeldUs: boolean): LossCounts
  /** Adds attempts that are missing because the kernel skipped the probe, after they are written. */
  addSkipped(count: number): void
  /** Sum of all `take` results. */
  readonly total: LossCounts
  /** The probe's totals at the last `take`. */
  readonly seen: ProbeLosses
}

/** @param before totals of the probe that another meter has already taken */
export function createLossMeter(read: () => ProbeLosses, before: ProbeLosses = { ringFull: 0, mapFull: 0 }): LossMeter {
  let seen = before
  let total = NO_LOSS
  return {
    get total() {
      return total
    },
    addSkipped(count) {
      total = { ...total, skipped: total.skipped + count }
    },
    get seen() {
      return seen
    },
    take(writerHeldUs) {
      const now = read()
      const ring = now.ringFull - seen.ringFull
      const mapFull = now.mapFull - seen.mapFull
      const loss = { ...NO_LOSS, ringFull: writerHeldUs ? 0 : ring, writerBehind: writerHeldUs ? ring : 0, mapFull }
      seen = now
      total = addLoss(total, loss)
      return loss
    },
  }
}
