import type { AttemptFilters } from './attempt-filters.js'
import type { RemoteSession } from './remote-parts.js'
import type { ClockSegment } from './clock-segments.js'
import type { Trace } from './trace.js'

/** The part of one session that a query covers. */
export interface SessionPart {
  readonly trace: Trace
  readonly sessionId: number
  readonly host: string
  /** Segments between clock changes, limited to the selected time. Attempts outside are not covered. */
  readonly segments: readonly ClockSegment[]
}

/** What a server knows of a session; `undefined` for a session of a file. */
export function remoteSession({
  trace,
  sessionId,
}: Pick<SessionPart, 'trace' | 'sessionId'>): RemoteSession | undefined {
  return trace.remote?.sessions.get(sessionId)
}

/** What a query covers: sessions of the files, limited by time and filters. */
export interface Scope {
  readonly parts: readonly SessionPart[]
  /** In a comparison: the number of parts on the side before; the rest is the side after. */
  readonly beforeParts?: number
  readonly filters: AttemptFilters
  /** Whether percentiles are computed from every value instead of from histograms. */
  readonly isExact: boolean
  /** What was read of scopes, for a caller that runs several queries over one scope; results are kept by scope, its copies have none. */
  readonly kept?: WeakMap<Scope, Map<unknown, unknown>>
}
