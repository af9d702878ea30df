import type { Database } from 'better-sqlite3'
import { prepareOnce } from './query-builder.js'

/** A part of a session without a clock change. Half-open, in ns since the session began. */
export interface ClockSegment {
  readonly fromNs: number
  readonly toNs: number
  /** Unix ns = this + ns since the session began */
  readonly unixOffsetNs: bigint
}

/** The segments of a session, in order, without gaps. Times before its start belong to the first one. */
export function readClockSegments(db: Database, sessionId: number): ClockSegment[] {
  const sql = 'SELECT since_ns, unix_offset_ns FROM clock_offset WHERE session_id = ? ORDER BY since_ns'
  const rows = prepareOnce(db, sql, 'exact arrays').all(sessionId) as [bigint, bigint][]
  return rows.map(([sinceNs, unixOffsetNs], i) => ({
    fromNs: i === 0 ? -Infinity : Number(sinceNs),
    toNs: i + 1 < rows.length ? Number((rows[i + 1] as [bigint, bigint])[0]) : Infinity,
    unixOffsetNs,
  }))
}

/** Whether the segments cover the whole session. */
export function isAllTime(segments: readonly ClockSegment[]): boolean {
  return segments.at(0)?.fromNs === -Infinity && segments.at(-1)?.toNs === Infinity
}

/** The segments limited to a half-open range of Unix time; `null`: no limit. */
export function clipSegments(
  segments: readonly ClockSegment[],
  sinceUnixNs: bigint | null,
  untilUnixNs: bigint | null,
): ClockSegment[] {
  const clipped = segments.map(({ fromNs, toNs, unixOffsetNs }) => ({
    fromNs: sinceUnixNs === null ? fromNs : Math.max(fromNs, Number(sinceUnixNs - unixOffsetNs)),
    toNs: untilUnixNs === null ? toNs : Math.min(toNs, Number(untilUnixNs - unixOffsetNs)),
    unixOffsetNs,
  }))
  return clipped.filter(({ fromNs, toNs }) => fromNs < toNs)
}
