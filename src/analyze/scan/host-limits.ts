import { sql } from 'kysely'
import { safeText } from '../../text/safe-text.js'
import { createQuery, queries } from './query-builder.js'
import { boundedText } from './row-reader.js'
import type { SessionPart } from './scope.js'

const MAX_BYTES = 65_536
const NOT_LOOKED_FOR = 'what the host hides is not known: the session was recorded before trace format 5'
const UNREADABLE = 'what the host hides is not known: session.limits is no list of texts, or longer than 64 KiB'

/** SQL for `session.limits`, which may have any length in an untrusted file. */
export const BOUNDED_LIMITS = boundedText('limits', MAX_BYTES)

const selectLimits = createQuery((sessionId: number) =>
  queries
    .selectFrom('session')
    .select(sql<string | null>`${sql.raw(BOUNDED_LIMITS)}`.as('limits'))
    .where('session_id', '=', sessionId),
)

/** Limits of the hosts of the sessions, each sentence once. */
export function listLimits(parts: readonly SessionPart[]): string[] {
  const limits = parts.flatMap(({ trace, sessionId }) => {
    return selectLimits(trace.db, sessionId).flatMap((session) => parseLimits(session.limits))
  })
  return [...new Set(limits)].map(safeText)
}

/** Sentences of `session.limits`; a sentence about it if they cannot be read. */
export function parseLimits(json: string | null): string[] {
  if (json === null) return [NOT_LOOKED_FOR]
  try {
    const limits: unknown = JSON.parse(json)
    return Array.isArray(limits) ? limits.filter((limit) => typeof limit === 'string') : [UNREADABLE]
  } catch {
    return [UNREADABLE]
  }
}
