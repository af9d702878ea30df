import type { EventAttempts } from '../top/event-attempts.js'
import type { CommittedBatch } from '../session/pump.js'
import { hasLatency, type AttemptBatch } from '../write/attempt-batch.js'
import { ATTEMPT_RESULTS, resultOf } from './attempt-results.js'
import { METRICS, type Family } from './metric.js'
import type { AttemptLabels } from './attempt-labels.js'
import { createSeriesTable, type Place, type Series, type SeriesTableOptions } from './series-table.js'

const LOCAL_ERROR = ATTEMPT_RESULTS.findIndex(({ outcome }) => outcome === 'local_error')

/** Counts attempts by result and labels. */
export interface AttemptCounts {
  /** Counts a batch. @param nowNs ns since the recording began */
  observe(batch: CommittedBatch, nowNs: number): void
  families(): readonly Family[]
}

export interface AttemptCountsOptions extends Omit<SeriesTableOptions, 'other'> {
  readonly labels: AttemptLabels
  /** `null`: without labels, attempts are counted by result only */
  readonly attempts: Pick<EventAttempts, 'readParties'> | null
}

export function createAttemptCounts({ attempts, labels, ...options }: AttemptCountsOptions): AttemptCounts {
  const startedMs = options.unixMs()
  const table = createSeriesTable({ ...options, other: labels.other })
  return {
    observe({ rows, memory, forEachEvent }, nowNs) {
      const results = rows.shapes.map(({ outcome, errno }) => resultOf(outcome, errno))
      const count = (row: number, place: Place) => {
        const result = results[rows.shape[row] as number] as number
        if (result >= 0) addAttempt(table.find(place, result, nowNs), rows, row, nowNs)
      }
      if (attempts === null) {
        for (let row = 0; row < rows.count; row++) count(row, labels.other)
        return
      }
      // Rows are in the order of the events.
      let row = 0
      forEachEvent((byteOffset) => count(row++, labels.placeOf(attempts.readParties(memory, byteOffset, nowNs))))
    },
    families: () => [
      ...familiesOf(table.all()),
      { metric: METRICS.others, points: [{ attributes: [], startedMs, value: table.otherAttempts }] },
    ],
  }
}

function addAttempt(series: Series, { shapes, shape, latencyNs }: AttemptBatch, row: number, nowNs: number): void {
  const { outcome, flags, synRetransmits } = shapes[shape[row] as number]!
  series.usedNs = nowNs
  series.attempts++
  series.synRetransmits += synRetransmits
  // A local error has sent no SYN.
  if (outcome !== LOCAL_ERROR && hasLatency(outcome, flags)) series.durations.add(latencyNs[row] as number)
}

function familiesOf(all: readonly Series[]): Family[] {
  const timed = all.filter(({ durations }) => durations.count > 0)
  return [
    {
      metric: METRICS.attempts,
      points: all.map(({ attemptAttributes: attributes, startedMs, attempts: value }) => ({
        attributes,
        startedMs,
        value,
      })),
    },
    {
      metric: METRICS.handshakes,
      points: timed.map(({ attributes, startedMs, durations: value }) => ({ attributes, startedMs, value })),
    },
    {
      metric: METRICS.retransmits,
      points: all.map(({ attemptAttributes: attributes, startedMs, synRetransmits: value }) => ({
        attributes,
        startedMs,
        value,
      })),
    },
  ]
}
