import type { IdRange } from '../scan/plan-scan.js'
import type { FoundSession } from './read-sessions.js'
import { isIdRange } from './session-ids.js'

/** A window, or several, as a server has them. */
interface SentWindow extends IdRange {
  readonly id: number
  readonly count: number
  readonly flags: readonly number[]
}

/** Ids of windows, which are many. */
export function spanOfIds(windows: readonly SentWindow[]): IdRange {
  return windows.reduce((all, { id }) => ({ first: Math.min(all.first, id), last: Math.max(all.last, id) }), {
    first: Infinity,
    last: -Infinity,
  })
}

/** Windows have ids that a session can have, and attempts of the session. */
export function findWindowFault({ batches }: FoundSession, windows: readonly SentWindow[]): string | null {
  const end = batches.firstAttemptId + batches.attempts
  const wrong = windows.find(({ id, first, last, count, flags }) => {
    const isOwn =
      batches.firstAttemptId <= first && first <= last && last < end && 0 < count && count <= batches.attempts
    return !isOwn || !Number.isSafeInteger(id) || !flags.every((flag) => Number.isSafeInteger(flag) && flag >= 0)
  })
  if (wrong !== undefined) return `window ${wrong.id} has attempts that the session does not have`
  return windows.length === 0 || isIdRange(spanOfIds(windows)) ? null : 'its ids of windows are too far apart'
}

export function findRangeFault(table: string, range: IdRange | undefined): string | null {
  return range === undefined || isIdRange(range) ? null : `its ids of trace_${table} are not those of a session`
}
