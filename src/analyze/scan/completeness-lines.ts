import { formatCount } from '../../text/format-number.js'
import { listLimits } from './host-limits.js'
import type { SessionPart } from './scope.js'
import { describeEarlierSessions } from './select-sessions.js'
import { describeCover, describeGaps, hasInexact, isDoubtful, readVerdict } from './session-facts.js'
import type { Trace } from './trace.js'

/** Limit of sessions with one line each. */
const MAX_LINES = 5

const INEXACT = 'attempts whose begin or end was not seen (inexact) have no latency; tcpconn info counts them'

/**
 * The lines below a table: completeness, one line per session or one for many sessions, and the limits of the hosts.
 */
export function coverLines(parts: readonly SessionPart[]): string[] {
  return [...listLimits(parts), ...(parts.some(hasInexact) ? [INEXACT] : []), ...completenessLines(parts)]
}

/** Prints the lines about missing data on stderr, for output without a table. @param options of the selection, as typed */
export function describeMissing(
  traces: readonly Trace[],
  parts: readonly SessionPart[],
  options: { readonly session?: string },
): string[] {
  return [...describeGaps(traces, parts), ...describeEarlierSessions(traces, options), ...missingLines(parts)]
}

/**
 * The lines of `coverLines` about missing data: limits of the hosts, and sessions that differ from the kernel's count or have no
 * end.
 */
export function missingLines(parts: readonly SessionPart[]): string[] {
  return [...listLimits(parts), ...completenessLines(parts.filter(isDoubtful))]
}

function completenessLines(parts: readonly SessionPart[]): string[] {
  if (parts.length <= MAX_LINES) return describeCover(parts)
  const verdicts = parts.map((part) => readVerdict([part]))
  const counts = (['complete', 'incomplete', 'unchecked'] as const).flatMap((verdict) => {
    const count = verdicts.filter((one) => one === verdict).length
    return count > 0 ? [`${formatCount(count)} ${verdict}`] : []
  })
  const more = parts.some(({ trace }) => trace.remote) ? '' : '; tcpconn info FILE says why of each'
  return [`${formatCount(parts.length)} sessions: ${counts.join(', ')}${more}`]
}
