import type { LossCounts } from '../../store/loss-text.js'

/** What the probe counts, in totals since load. */
export type ProbeLosses = Omit<LossCounts, 'writerBehind' | 'skipped'>

/** Splits the probe's totals into what was lost since the last look, by cause. */
export interface LossMeter {
  /**
   * Loss since the last `take`.
   * @param writerHeldUs whether writing, not reading, took the time since then: a ring that ran full meanwhile did so
   *   because the writer was behind
   */
  take(writerHeldUs: boolean): LossCounts
  /** Takes up attempts that are missing because the kernel skipped the probe, once they are written. */
  addSkipped(count: number): void
  /** All that was taken. */
  readonly total: LossCounts
  /** The probe's totals as of the last `take`. */
  readonly seen: ProbeLosses
}

/** @param before the probe's totals that were taken by another meter already */
export function createLossMeter(
  read: () => ProbeLosses,
  before: ProbeLosses = { ringFull: 0, mapFull: 0, missed: 0 },
): LossMeter {
  let seen = before
  const total = { ringFull: 0, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 }
  return {
    total,
    addSkipped(count) {
      total.skipped += count
    },
    get seen() {
      return seen
    },
    take(writerHeldUs) {
      const now = read()
      const ring = now.ringFull - seen.ringFull
      const loss = {
        ringFull: writerHeldUs ? 0 : ring,
        mapFull: now.mapFull - seen.mapFull,
        missed: now.missed - seen.missed,
        writerBehind: writerHeldUs ? ring : 0,
        skipped: 0,
      }
      seen = now
      total.ringFull += loss.ringFull
      total.mapFull += loss.mapFull
      total.missed += loss.missed
      total.writerBehind += loss.writerBehind
      return loss
    },
  }
}
