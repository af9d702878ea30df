import { createInsert, isLeftOut, readRows, replaceRow, type Copying } from './copy-rows.js'
import type { OriginalRow } from './pseudonyms.js'
import type { SessionClock, SharedSpan } from './session-clock.js'
import type { Usage } from './usage.js'

/** One less than a second: a time plus this, cut to seconds, is the time rounded up. */
const ALMOST_A_SECOND_NS = 999_999_999n

interface OwnedSession {
  readonly sessionId: number
  readonly clock: SessionClock
  readonly span: SharedSpan
}

interface Shared {
  readonly usage: Usage
  /** Addresses that no endpoint keeps */
  readonly merged: ReadonlySet<string>
}

/**
 * Copies who had the addresses that attempts connected to, within the shared part of a session. Where times are cut to seconds, a
 * span keeps the seconds that are whole in it: an attempt in one of the others may be before or after it.
 * @returns keys of the containers that had them
 */
export function copyOwners(
  copying: Copying,
  { sessionId, clock, span }: OwnedSession,
  { usage, merged }: Shared,
): ReadonlySet<number> {
  const owners = new Set<number>()
  const { treatment } = copying.pseudonyms
  if (isLeftOut(treatment, 'container_address')) return owners
  const insert = createInsert(copying.shared, 'container_address')
  const lostNs = treatment.actions.time === 'rounded' ? ALMOST_A_SECOND_NS : 0n
  // Of two spans that are cut to the same start, the last one counts.
  for (const row of readRows(copying.db, 'container_address', 'session_id = ? ORDER BY since_ns DESC', [sessionId])) {
    const address = String(row.address)
    if (!usage.hasAddress(address) || merged.has(address)) continue
    const clipped = clip(row, span, lostNs)
    const [since, until] = [clipped.since_ns, clipped.until_ns].map((ns) =>
      ns === null ? null : clock.replace('time', ns as bigint),
    )
    if (until !== null && (until as bigint) < (since as bigint)) continue
    insert(replaceRow(copying, 'container_address', clipped, clock))
    owners.add(Number(row.container_key))
  }
  return owners
}

/** @param lostNs what a span loses at an end that is shared */
function clip(row: OriginalRow, { fromNs, toNs }: SharedSpan, lostNs: bigint): OriginalRow {
  const [sinceNs, untilNs] = [row.since_ns as bigint, row.until_ns as bigint | null]
  const isBefore = fromNs > 0 && Number(sinceNs) <= fromNs
  const isAfter = toNs < Number(untilNs ?? Infinity)
  return {
    ...row,
    since_ns: isBefore ? BigInt(fromNs) : sinceNs + lostNs,
    until_ns: isAfter ? BigInt(toNs) - 1n : untilNs === null ? null : untilNs - lostNs,
  }
}
