import type { AttemptFilters } from './attempt-filters.js'
import type { IdRange } from './plan-scan.js'

/**
 * The parts of a trace that a server may still hold, or of one that was restored from a data set. Each function returns whether the
 * trace has a part. If it has not, the part is requested, and the reader goes on without it: its result is thrown away, and it runs
 * again when the part is there.
 */
export interface RemoteParts {
  /** Stored sums of windows from `first` to `last`, of one dimension */
  hasSums(dimension: string, windows: { readonly first: number; readonly last: number }): boolean
  /** Attempts of a session that the filters accept in the time of the options, with their DNS names and other addresses */
  hasAttempts(sessionId: number, ids: IdRange, filters: AttemptFilters): boolean
  /** Whether an attempt of a session after its last window has no latency because its begin or end was not seen; `false` until it is known */
  hasInexactTail(sessionId: number): boolean
  /** Number of attempts of a session with a DNS name; `null` if it is not known yet */
  namedAttempts(sessionId: number): number | null
  /** Whether recorded DNS lookups are missing: only attempts have names then */
  readonly lacksLookups?: boolean
  readonly sessions: ReadonlyMap<number, RemoteSession>
  /** Lines about sessions that cannot be read and are no part of the trace */
  readonly leftOut: readonly string[]
}

/** A session of a server. Its ids in the trace differ from those in the file that it was recorded into. */
export interface RemoteSession {
  readonly host: string
  readonly uuid: string
  /** session_id in the original file */
  readonly sessionId: number
  /** The id in the original file = this + the id in the trace */
  readonly attemptIdOffset: number
  /** Its endpoints, or more; 0 without any */
  readonly endpointCount: number
}
