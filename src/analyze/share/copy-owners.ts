import { createInsert, isLeftOut, readRows, replaceRow, type Copying } from './copy-rows.js'
import type { Row } from './pseudonyms.js'
import type { SessionClock } from './session-clock.js'
import type { Usage } from './usage.js'

/** One less than a second: a time plus this, cut to seconds, is the time rounded up. */
const ALMOST_A_SECOND_NS = 999_999_999n

interface Shared {
  readonly usage: Usage
  /** Addresses that no endpoint keeps */
  readonly merged: ReadonlySet<string>
}

/**
 * Copies who had the addresses that attempts connected to. Where times are cut to seconds, a span keeps the seconds that are
 * whole in it: an attempt in one of the others may be before or after it.
 */
export function copyOwners(
  copying: Copying,
  { sessionId, clock }: { readonly sessionId: number; readonly clock: SessionClock },
  { usage, merged }: Shared,
): void {
  const { treatment } = copying.pseudonyms
  if (isLeftOut(treatment, 'container_address')) return
  const insert = createInsert(copying.shared, 'container_address')
  const isRounded = treatment.actions.time === 'rounded'
  for (const row of readRows(copying.db, 'container_address', 'session_id = ?', [sessionId])) {
    const address = String(row.address)
    if (!usage.hasAddress(address) || merged.has(address)) continue
    const result = replaceRow(copying, 'container_address', isRounded ? narrow(row) : row, clock)
    if (result.until_ns === null || (result.until_ns as bigint) >= (result.since_ns as bigint)) insert(result)
  }
}

function narrow(row: Row): Row {
  const { since_ns: sinceNs, until_ns: untilNs } = row
  return {
    ...row,
    since_ns: (sinceNs as bigint) + ALMOST_A_SECOND_NS,
    until_ns: untilNs === null ? null : (untilNs as bigint) - ALMOST_A_SECOND_NS,
  }
}
