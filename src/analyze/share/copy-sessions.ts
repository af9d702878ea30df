import { createInsert, isLeftOut, readRows, replaceRow, type Copying } from './copy-rows.js'
import { FIELD_NAMES, LEVELS, type Field, type Level } from './fields.js'
import type { SharedTable } from './columns.js'
import type { Cell, OriginalRow } from './pseudonyms.js'
import { createSessionClock, type SessionClock, type SharedSpan } from './session-clock.js'
import { addShareFilter } from './shared-filters.js'

/** The shared part of a session. */
export interface SharedSession {
  readonly sessionId: number
  readonly span: SharedSpan
  /** Whether attempts are left out */
  readonly isReduced: boolean
}

/** Copies the row of a session and its clock. Returns how its times are moved. */
export function copySession(copying: Copying, { sessionId, span, isReduced }: SharedSession): SessionClock {
  const { db, shared, pseudonyms } = copying
  const [row] = [...readRows(db, 'session', 'session_id = ?', [sessionId])] as [OriginalRow]
  const { shiftNs, treatment } = pseudonyms
  const clock = createSessionClock({ startedUnixNs: row.started_unix_ns as bigint, shiftNs, span, treatment })
  const result = replaceRow(copying, 'session', row, clock)
  createInsert(
    shared,
    'session',
  )({
    ...(isReduced ? withoutCount(result) : result),
    sharing: describeSharing(row.sharing ?? null, copying, isReduced),
  })
  copyClock(copying, sessionId, span, clock)
  return clock
}

/** Copies the rows of a session in one table. */
export function copyTable(
  copying: Copying,
  table: SharedTable,
  { sessionId, clock }: { readonly sessionId: number; readonly clock: SessionClock | null },
  isWanted: (row: OriginalRow) => boolean = () => true,
): void {
  const insert = isLeftOut(copying.pseudonyms.treatment, table) ? () => {} : createInsert(copying.shared, table)
  for (const row of readRows(copying.db, table, 'session_id = ?', [sessionId])) {
    if (isWanted(row)) insert(replaceRow(copying, table, row, clock))
  }
}

/** Copies the offsets that apply to the span; the first one applies from the beginning. */
function copyClock(copying: Copying, sessionId: number, { fromNs, toNs }: SharedSpan, clock: SessionClock): void {
  const rows = [...readRows(copying.db, 'clock_offset', 'session_id = ? ORDER BY since_ns', [sessionId])]
  const sinceNs = (row: OriginalRow | undefined) => Number(row?.since_ns ?? Infinity)
  const insert = createInsert(copying.shared, 'clock_offset')
  for (const [i, row] of rows.entries()) {
    if (sinceNs(rows[i + 1]) <= fromNs || (i > 0 && sinceNs(row) >= toNs)) continue
    const result = replaceRow(copying, 'clock_offset', row, clock)
    insert(sinceNs(row) <= fromNs ? { ...result, since_ns: 0n } : result)
  }
}

/** The kernel counted all attempts of the host: a part of them cannot be compared with that. */
function withoutCount(row: Record<string, Cell>): Record<string, Cell> {
  return {
    ...row,
    filters: addShareFilter(String(row.filters)),
    kernel_attempts_min: null,
    kernel_attempts_max: null,
    comparable_attempts: null,
    uncomparable_attempts: null,
  }
}

function describeSharing(earlier: Cell, { pseudonyms: { treatment } }: Copying, isReduced: boolean): string {
  const { level, keep, drop } = treatment
  return JSON.stringify([...parseEarlier(earlier), { level, keep, drop, is_reduced: isReduced }])
}

/** An original that was shared before. Invalid JSON counts as one share. */
function parseEarlier(earlier: Cell): KnownShare[] {
  if (earlier === null) return []
  try {
    const parsed: unknown = JSON.parse(String(earlier))
    return Array.isArray(parsed) ? parsed.map(knownShare) : [{}]
  } catch {
    return [{}]
  }
}

/** One share, as `session.sharing` has it. */
interface KnownShare {
  readonly level?: Level
  readonly keep?: readonly Field[]
  readonly drop?: readonly Field[]
  readonly is_reduced?: boolean
}

/** Keeps only known values, which contain no names: others may have written the file. */
function knownShare(share: unknown): KnownShare {
  const { level, keep, drop, is_reduced: isReduced } = (share ?? {}) as Record<keyof KnownShare, unknown>
  const known = <T extends string>(all: readonly T[], list: unknown) =>
    all.filter((one) => Array.isArray(list) && list.includes(one))
  const [knownLevel] = known(LEVELS, [level])
  return {
    ...(knownLevel && { level: knownLevel }),
    keep: known(FIELD_NAMES, keep),
    drop: known(FIELD_NAMES, drop),
    is_reduced: isReduced === true,
  }
}
