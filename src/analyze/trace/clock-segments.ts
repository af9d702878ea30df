import type { Database } from 'better-sqlite3'
import { queries } from './query-builder.js'

/** A stretch of a session in which its wall clock was not set. Half-open, in ns since the session began. */
export interface ClockSegment {
  readonly fromNs: number
  readonly toNs: number
  /** Unix ns = this + ns since the session began */
  readonly unixOffsetNs: bigint
}

/** The stretches of a session, in order, without a gap; what comes before its beginning counts to the first. */
export function readClockSegments(db: Database, sessionId: number): ClockSegment[] {
  const { sql, parameters } = queries
    .selectFrom('clock_offset')
    .select(['since_ns', 'unix_offset_ns'])
    .where('session_id', '=', sessionId)
    .orderBy('since_ns')
    .compile()
  const rows = db
    .prepare(sql)
    .raw()
    .safeIntegers()
    .all(...parameters) as [bigint, bigint][]
  return rows.map(([sinceNs, unixOffsetNs], i) => ({
    fromNs: i === 0 ? -Infinity : Number(sinceNs),
    toNs: i + 1 < rows.length ? Number((rows[i + 1] as [bigint, bigint])[0]) : Infinity,
    unixOffsetNs,
  }))
}

/** Whether segments are all of a session's time. */
export function isAllTime(segments: readonly ClockSegment[]): boolean {
  return segments.at(0)?.fromNs === -Infinity && segments.at(-1)?.toNs === Infinity
}

/** The parts of the segments that lie in a half-open range of Unix time; `null` is no limit. */
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
