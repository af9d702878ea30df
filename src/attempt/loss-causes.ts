/**
 * Causes of lost attempts, each with its column of `batch` and `session`, in their order, and with its text.
 * `missed` is an attempt whose end the probe missed: counted only by recorders of format 7 and older; they are rows now.
 * `skipped` is an attempt that only the kernel counted, because it skipped runs of the probe.
 */
export const LOSS_CAUSES = [
  { cause: 'ringFull', column: 'lost_ring_full_count', text: 'ring full' },
  { cause: 'mapFull', column: 'lost_map_full_count', text: 'map full' },
  { cause: 'writerBehind', column: 'lost_writer_behind_count', text: 'writer behind' },
  { cause: 'missed', column: 'lost_missed_count', text: 'end not seen' },
  { cause: 'skipped', column: 'lost_skipped_count', text: 'probe skipped by the kernel' },
] as const

type LossCause = (typeof LOSS_CAUSES)[number]['cause']

/** Attempts lost, by cause. */
export type LossCounts = Readonly<Record<LossCause, number>>

/** Columns of `batch` and `session` with lost attempts. */
export const LOSS_COLUMNS = LOSS_CAUSES.map(({ column }) => column)

export const NO_LOSS: LossCounts = countLoss(() => 0)

/** Lost attempts, from a function that returns those of a cause. */
export function countLoss(countOf: (cause: LossCause) => number): LossCounts {
  return Object.fromEntries(LOSS_CAUSES.map(({ cause }) => [cause, countOf(cause)])) as LossCounts
}

/** Lost attempts in the order of `LOSS_COLUMNS`. */
export function listLoss(loss: LossCounts): number[] {
  return LOSS_CAUSES.map(({ cause }) => loss[cause])
}

/** Attempts lost, over all causes. */
export function sumLoss(loss: LossCounts): number {
  return listLoss(loss).reduce((sum, count) => sum + count, 0)
}

/** Adds losses by cause. */
export function addLoss(a: LossCounts, b: LossCounts): LossCounts {
  return countLoss((cause) => a[cause] + b[cause])
}
