import type { EventAttempts } from '../top/event-attempts.js'
import type { TopParties } from '../../top/window/top-attempt.js'
import type { CommittedBatch } from '../session/pump.js'
import { hasLatency, type AttemptBatch } from '../write/attempt-batch.js'
import type { AttemptLabels } from './attempt-labels.js'
import { ATTEMPT_RESULTS, resultOf } from './attempt-results.js'
import { createDurations, type Durations, type HistogramKinds } from './durations.js'
import { METRICS, type Attributes, type Family, type Point } from './metric.js'

/**
 * Limit of the series of a metric, the default of OpenTelemetry's SDKs. `other` has a series for each result, for which
 * there is always room.
 */
export const MAX_SERIES = 2000
const MAX_OWN_SERIES = MAX_SERIES - ATTEMPT_RESULTS.length
/** A series that has counted nothing for this time may be removed for a new one. */
const IDLE_NS = 15 * 60e9
/** Interval of searches for such series. */
const SEARCH_NS = 60e9

/** Attempts of one result with the same labels. */
interface Series {
  readonly attributes: Attributes
  /** With the outcome */
  readonly attemptAttributes: Attributes
  readonly startedMs: number
  readonly durations: Durations
  attempts: number
  synRetransmits: number
  usedNs: number
}

/** Counts attempts by result and labels. */
export interface AttemptCounts {
  /** Counts a batch. @param nowNs ns since the recording began, here and below */
  observe(batch: CommittedBatch, nowNs: number): void
  families(): readonly Family[]
}

export interface AttemptCountsOptions {
  readonly labels: AttemptLabels
  /** `null`: there are no labels, and only results are told apart */
  readonly attempts: Pick<EventAttempts, 'readParties'> | null
  readonly kinds: HistogramKinds
  /** Unix time in ms */
  readonly unixMs: () => number
}

export function createAttemptCounts({ labels, attempts, kinds, unixMs }: AttemptCountsOptions): AttemptCounts {
  const startedMs = unixMs()
  const createSeries = createSeriesMaker(kinds, unixMs)
  const own = new Map<string, Series>()
  const others = new Map<number, Series>()
  let otherAttempts = 0
  let searchedNs = -Infinity

  const isFull = (nowNs: number) => {
    if (own.size < MAX_OWN_SERIES) return false
    if (nowNs - searchedNs < SEARCH_NS) return true
    searchedNs = nowNs
    for (const [key, { usedNs }] of own) if (nowNs - usedNs >= IDLE_NS) own.delete(key)
    return own.size >= MAX_OWN_SERIES
  }
  const findOther = (result: number): Series => {
    let series = others.get(result)
    if (series === undefined) others.set(result, (series = createSeries(labels.other, result)))
    return series
  }
  const findSeries = (parties: TopParties | null, result: number, nowNs: number): Series => {
    const labelKey = parties === null ? '' : labels.keyOf(parties)
    const key = labelKey + String(result)
    const known = own.get(key)
    if (known !== undefined) return known
    // A name that is the word `other` has no series of its own: it would be the same.
    if (parties !== null && labelKey === labels.otherKey) return findOther(result)
    if (isFull(nowNs)) {
      otherAttempts++
      return findOther(result)
    }
    const series = createSeries(parties === null ? [] : labels.attributesOf(parties), result)
    own.set(key, series)
    return series
  }
  return {
    observe({ rows, memory, forEachEvent }, nowNs) {
      const results = rows.shapes.map(({ outcome, errno }) => resultOf(outcome, errno))
      const count = (row: number, parties: TopParties | null) => {
        const result = results[rows.shape[row] as number] as number
        if (result >= 0) addAttempt(findSeries(parties, result, nowNs), rows, row, nowNs)
      }
      if (attempts === null) {
        for (let row = 0; row < rows.count; row++) count(row, null)
        return
      }
      // Rows are in the order of the events.
      let row = 0
      forEachEvent((byteOffset) => count(row++, attempts.readParties(memory, byteOffset, nowNs)))
    },
    families() {
      const all = [...own.values(), ...others.values()]
      const point = (series: Series, value: Point['value']): Point => ({
        attributes: series.attemptAttributes,
        startedMs: series.startedMs,
        value,
      })
      return [
        { metric: METRICS.attempts, points: all.map((series) => point(series, series.attempts)) },
        {
          metric: METRICS.handshakes,
          points: all
            .filter(({ durations }) => durations.count > 0)
            .map((series) => ({ ...point(series, series.durations), attributes: series.attributes })),
        },
        { metric: METRICS.retransmits, points: all.map((series) => point(series, series.synRetransmits)) },
        { metric: METRICS.others, points: [{ attributes: [], startedMs, value: otherAttempts }] },
      ]
    },
  }
}

function createSeriesMaker(kinds: HistogramKinds, unixMs: () => number) {
  return (labels: Attributes, result: number): Series => {
    const { outcome, errorType } = ATTEMPT_RESULTS[result] as (typeof ATTEMPT_RESULTS)[number]
    const attributes: Attributes = [...(errorType === null ? [] : [['error.type', errorType] as const]), ...labels]
    return {
      attributes,
      attemptAttributes: [['outcome', outcome], ...attributes],
      startedMs: unixMs(),
      durations: createDurations(kinds),
      attempts: 0,
      synRetransmits: 0,
      usedNs: 0,
    }
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

const LOCAL_ERROR = ATTEMPT_RESULTS.findIndex(({ outcome }) => outcome === 'local_error')
