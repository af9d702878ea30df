import type { ReportedOwners } from './address-owners.js'

/** Interval of `tick`. */
export const TICK_MS = 1000
/** Ticks without a report. The reader checks addresses once per second. */
const MAX_MISSED = 5

/**
 * Notices that reports of addresses stop: from then on nobody is known to have an address. Ticks are counted, not time: a
 * recorder that was stopped itself reads the reports that wait between two ticks.
 */
export interface ReportSilence {
  /** A report has arrived. */
  heard(): void
  tick(): void
  /** Whether there was one */
  readonly was: boolean
}

export function createReportSilence(owners: Pick<ReportedOwners, 'pause'>): ReportSilence {
  let missed = 0
  let was = false
  return {
    heard() {
      missed = 0
    },
    tick() {
      if (++missed >= MAX_MISSED && owners.pause()) was = true
    },
    get was() {
      return was
    },
  }
}
