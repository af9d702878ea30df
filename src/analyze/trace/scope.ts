import type { AttemptFilters } from './attempt-filters.js'
import type { ClockSegment } from './clock-segments.js'
import type { Trace } from './trace.js'

/** The part of one session that a query covers. */
export interface SessionPart {
  readonly trace: Trace
  readonly sessionId: number
  readonly host: string
  /** Where the clock was not set and that lie in the time asked for. Attempts outside of them are not covered. */
  readonly segments: readonly ClockSegment[]
}

/** Everything that a query covers: some sessions of some files, some time of them, some of the attempts. */
export interface Scope {
  readonly parts: readonly SessionPart[]
  /** Of a comparison: how many of the parts are the side before; the others come after. */
  readonly beforeParts?: number
  readonly filters: AttemptFilters
  /** Percentiles from every value instead of histograms. */
  readonly isExact: boolean
}
