import { formatCount } from '../../show/format-number.js'
import type { SessionPart } from './scope.js'
import { describeCover, readVerdict } from './session-facts.js'

/** Sessions that are each worth a line. */
const MAX_LINES = 5

/** What is said of completeness below a table: a line per session, or one for all where they are many. */
export function coverLines(parts: readonly SessionPart[]): string[] {
  if (parts.length <= MAX_LINES) return describeCover(parts)
  const verdicts = parts.map((part) => readVerdict([part]))
  const counts = (['complete', 'incomplete', 'unchecked'] as const).flatMap((verdict) => {
    const count = verdicts.filter((one) => one === verdict).length
    return count > 0 ? [`${formatCount(count)} ${verdict}`] : []
  })
  return [`${formatCount(parts.length)} sessions: ${counts.join(', ')}; tcpconn info FILE says why of each`]
}
