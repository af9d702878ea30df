import { formatCount, formatPlural } from '../show/format-number.js'

/** Attempts lost, by cause. */
export interface LossCounts {
  readonly ringFull: number
  readonly mapFull: number
  readonly writerBehind: number
  /** Attempts whose end the probe did not see. */
  readonly missed: number
  /** Attempts that the kernel counted and nobody saw, where it skipped runs of the probe. */
  readonly skipped: number
}

/** Attempts lost, whatever the cause. */
export function sumLoss(loss: LossCounts): number {
  return loss.ringFull + loss.mapFull + loss.writerBehind + loss.missed + loss.skipped
}

/** Adds up losses, by cause. */
export function addLoss(a: LossCounts, b: LossCounts): LossCounts {
  return {
    ringFull: a.ringFull + b.ringFull,
    mapFull: a.mapFull + b.mapFull,
    writerBehind: a.writerBehind + b.writerBehind,
    missed: a.missed + b.missed,
    skipped: a.skipped + b.skipped,
  }
}

/** A line for attempts that are recorded without their process, `null` when there are none. */
export function describeLostProcesses(count: number): string | null {
  if (count === 0) return null
  return `the process of ${formatPlural(count, 'attempt')} is not known: the ring was full when it was to be sent`
}

/** A line for runs of the probe that the kernel skipped and no other program stood in for, `null` when there are none. */
export function describeSkippedRuns(count: number): string | null {
  return count === 0 ? null : `the kernel skipped ${formatPlural(count, 'run')} of the probe: attempts may be missing`
}

/** A line for lost attempts by cause, `null` without loss. */
export function describeLossCounts(loss: LossCounts): string | null {
  if (sumLoss(loss) === 0) return null
  const causes = [
    [loss.ringFull, 'ring full'],
    [loss.mapFull, 'map full'],
    [loss.writerBehind, 'writer behind'],
    [loss.missed, 'end not seen'],
    [loss.skipped, 'probe skipped by the kernel'],
  ] as const
  const parts = causes.flatMap(([count, name]) => (count > 0 ? [`${formatCount(count)} ${name}`] : []))
  return `LOST ${formatPlural(sumLoss(loss), 'attempt')}: ${parts.join(', ')}`
}
