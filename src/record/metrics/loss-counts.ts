import { NO_LOSS, addLoss, type LossCounts } from '../../attempt/loss-causes.js'
import type { Session } from '../session/begin-session.js'
import { METRICS, type Family, type Point } from './metric.js'

/** Losses of a recording, over all of its files. Each cause is there from the start: a rate needs a first value. */
export function createLossCounts(
  { probe, metadata }: Pick<Session, 'probe' | 'metadata'>,
  { recordsDns, startedMs }: { readonly recordsDns: boolean; readonly startedMs: number },
) {
  let loss = NO_LOSS
  const point = (value: number, attributes: Point['attributes'] = []): Point => ({ attributes, startedMs, value })
  return {
    observe(more: LossCounts): void {
      loss = addLoss(loss, more)
    },
    families(): readonly Family[] {
      const causes = [
        ['ring_full', loss.ringFull],
        ['map_full', loss.mapFull],
        ['writer_behind', loss.writerBehind],
        ['skipped', loss.skipped],
      ] as const
      return [
        { metric: METRICS.lost, points: causes.map(([cause, count]) => point(count, [['cause', cause]])) },
        { metric: METRICS.lostProcesses, points: [point(probe.lostProcesses())] },
        ...(recordsDns ? [{ metric: METRICS.lostPackets, points: [point(metadata.counts().lost)] }] : []),
      ]
    },
  }
}
