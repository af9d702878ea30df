import { ATTEMPT_RESULTS, type AttemptResult } from './attempt-results.js'
import { createDurations, type Durations, type HistogramKinds } from './durations.js'
import type { Attributes } from './metric.js'

/**
 * Limit of the series of a metric, the default of OpenTelemetry's SDKs. `other` has a series for each result, for which
 * there is always room.
 */
const MAX_SERIES = 2000
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
  /** Its place in the table was needed for another one. */
  isRemoved: boolean
}

/** Labels, and the series that were found for them. */
export interface Place {
  readonly attributes: Attributes
  /** Text that differs between other labels */
  readonly key: string
  /** By result */
  readonly found: (Series | undefined)[]
  /** Until then no series is looked for: all were in use. */
  fullUntilNs: number
}

/** @param attributes values without control characters */
export function createPlace(attributes: Attributes): Place {
  return {
    attributes,
    key: attributes.map(([name, value]) => `${name}\n${value}\n`).join(''),
    found: [],
    fullUntilNs: -Infinity,
  }
}

/** Series of attempts, at most `MAX_SERIES`. */
export interface SeriesTable {
  /** @param result index in `ATTEMPT_RESULTS` @param nowNs time of a clock */
  find(place: Place, result: number, nowNs: number): Series
  all(): readonly Series[]
  /** Attempts that found no series of their own */
  readonly otherAttempts: number
}

export interface SeriesTableOptions {
  readonly other: Place
  readonly kinds: HistogramKinds
  /** Unix time in ms */
  readonly unixMs: () => number
}

export function createSeriesTable({ other, kinds, unixMs }: SeriesTableOptions): SeriesTable {
  const own = new Map<string, Series>()
  let otherAttempts = 0
  let searchedNs = -Infinity

  const removeIdle = (nowNs: number) => {
    for (const [key, series] of own) {
      if (nowNs - series.usedNs < IDLE_NS) continue
      series.isRemoved = true
      own.delete(key)
    }
  }
  const isFull = (nowNs: number) => {
    if (own.size < MAX_OWN_SERIES) return false
    if (nowNs - searchedNs < SEARCH_NS) return true
    searchedNs = nowNs
    removeIdle(nowNs)
    return own.size >= MAX_OWN_SERIES
  }
  const create = (attributes: Attributes, result: number): Series =>
    createSeries(attributes, ATTEMPT_RESULTS[result] as AttemptResult, createDurations(kinds), unixMs())
  const findOther = (result: number) => (other.found[result] ??= create(other.attributes, result))
  const findOwn = ({ key, attributes }: Place, result: number, nowNs: number): Series | undefined => {
    const known = own.get(key + String(result))
    if (known !== undefined || isFull(nowNs)) return known
    const series = create(attributes, result)
    own.set(key + String(result), series)
    return series
  }
  return {
    get otherAttempts() {
      return otherAttempts
    },
    all: () => [...own.values(), ...other.found.filter((series) => series !== undefined)],
    find(place, result, nowNs) {
      const found = place.found[result]
      if (found !== undefined && !found.isRemoved) return found
      // A name that is the word `other` has no series of its own: it would be the same.
      if (place.key === other.key) return findOther(result)
      if (nowNs >= place.fullUntilNs) {
        const series = findOwn(place, result, nowNs)
        place.found[result] = series
        if (series !== undefined) return series
        place.fullUntilNs = searchedNs + SEARCH_NS
      }
      otherAttempts++
      return findOther(result)
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
  return {
    attributes,
    attemptAttributes,
    startedMs,
    durations,
    attempts: 0,
    synRetransmits: 0,
    usedNs: 0,
    isRemoved: false,
  }
}
