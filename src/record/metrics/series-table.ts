import type { TopParties } from '../../top/window/top-attempt.js'
import type { AttemptLabels } from './attempt-labels.js'
import { ATTEMPT_RESULTS, type AttemptResult } from './attempt-results.js'
import { createDurations, type Durations, type HistogramKinds } from './durations.js'
import type { Attributes } from './metric.js'

/**
 * Limit of the series of a metric, the default of OpenTelemetry's SDKs. `other` has a series for each result, for which
 * there is always room.
 */
export const MAX_SERIES = 2000
const MAX_OWN_SERIES = MAX_SERIES - ATTEMPT_RESULTS.length
/** A series that has counted nothing for this time is removed when a new one needs its place. */
const IDLE_NS = 15 * 60e9
/** Interval of searches for such series. */
const SEARCH_NS = 60e9

/** Attempts of one result with the same labels. */
export interface Series {
  readonly attributes: Attributes
  /** With the outcome */
  readonly attemptAttributes: Attributes
  readonly startedMs: number
  readonly durations: Durations
  attempts: number
  synRetransmits: number
  usedNs: number
}

/** Series of attempts, at most `MAX_SERIES`. */
export interface SeriesTable {
  /** @param parties `null`: there are no labels @param result index in `ATTEMPT_RESULTS` */
  find(parties: TopParties | null, result: number, nowNs: number): Series
  all(): readonly Series[]
  /** Attempts that found no series of their own */
  readonly otherAttempts: number
}

export interface SeriesTableOptions {
  readonly labels: AttemptLabels
  readonly kinds: HistogramKinds
  /** Unix time in ms */
  readonly unixMs: () => number
}

export function createSeriesTable({ labels, kinds, unixMs }: SeriesTableOptions): SeriesTable {
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
  const create = (attributes: Attributes, result: number): Series =>
    createSeries(attributes, ATTEMPT_RESULTS[result] as AttemptResult, createDurations(kinds), unixMs())
  const findOther = (result: number): Series => {
    let series = others.get(result)
    if (series === undefined) others.set(result, (series = create(labels.other, result)))
    return series
  }
  return {
    get otherAttempts() {
      return otherAttempts
    },
    all: () => [...own.values(), ...others.values()],
    find(parties, result, nowNs) {
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
      const series = create(parties === null ? [] : labels.attributesOf(parties), result)
      own.set(key, series)
      return series
    },
  }
}

function createSeries(
  labels: Attributes,
  { outcome, errorType }: AttemptResult,
  durations: Durations,
  startedMs: number,
): Series {
  const attributes: Attributes = [...(errorType === null ? [] : [['error.type', errorType] as const]), ...labels]
  const attemptAttributes: Attributes = [['outcome', outcome], ...attributes]
  return { attributes, attemptAttributes, startedMs, durations, attempts: 0, synRetransmits: 0, usedNs: 0 }
}
