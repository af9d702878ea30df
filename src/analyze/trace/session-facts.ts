import type { Database } from 'better-sqlite3'
import { describeCompleteness } from '../../store/completeness-text.js'
import { describeLossCounts, sumLoss, type LossCounts } from '../../store/loss-text.js'
import { OUTCOMES, type OutcomeCounts } from '../../store/outcome.js'
import type { FlagCounts } from '../../store/schema.js'
import { safeText } from '../../show/safe-text.js'
import { iterateTail } from './attempt-tail.js'
import { queries, selectAll } from './query-builder.js'
import type { SessionPart } from './scope.js'

/** What the batches of a session say. */
export interface BatchFacts extends LossCounts {
  readonly attempts: number
  /** ns since the session began, `null` without attempts */
  readonly firstStartedNs: number | null
  readonly lastStartedNs: number | null
  readonly lastWrittenNs: number
}

/** Bits of connect_attempt.flags, in the order of `FlagCounts`. */
const FLAG_NAMES = ['ipv4_mapped', 'fast_open', 'mptcp', 'kernel_thread', 'no_syn', 'simultaneous_open'] as const

/** Sums over a session's batches, without looking at its attempts. Loss of a session that was cut off is there too. */
export function readBatchFacts(db: Database, sessionIds: readonly number[]): BatchFacts {
  const [row] = selectAll(
    db,
    queries
      .selectFrom('batch')
      .select(({ fn }) => [
        fn.sum('attempt_count').as('attempts'),
        fn.min('min_started_ns').as('firstStartedNs'),
        fn.max('max_started_ns').as('lastStartedNs'),
        fn.max('written_ns').as('lastWrittenNs'),
        fn.sum('lost_ring_full_count').as('ringFull'),
        fn.sum('lost_map_full_count').as('mapFull'),
        fn.sum('lost_writer_behind_count').as('writerBehind'),
        fn.sum('lost_missed_count').as('missed'),
      ])
      .where('session_id', 'in', sessionIds),
  )
  const number = (value: unknown) => Number(value ?? 0)
  return {
    attempts: number(row?.attempts),
    firstStartedNs: row?.firstStartedNs ?? null,
    lastStartedNs: row?.lastStartedNs ?? null,
    lastWrittenNs: number(row?.lastWrittenNs),
    ringFull: number(row?.ringFull),
    mapFull: number(row?.mapFull),
    writerBehind: number(row?.writerBehind),
    missed: number(row?.missed),
  }
}

/** The lines that come before everything else when attempts were lost, one per file; none without loss. */
export function describeLoss(parts: readonly SessionPart[]): string[] {
  const traces = [...new Set(parts.map((part) => part.trace))]
  return traces.flatMap((trace) => {
    const ids = parts.filter((part) => part.trace === trace).map((part) => part.sessionId)
    const loss = describeLossCounts(readBatchFacts(trace.db, ids))
    return loss === null ? [] : [traces.length > 1 ? `${safeText(trace.path)}: ${loss}` : loss]
  })
}

/** What the sessions say of their completeness, a line for each that has ended; below a table. */
export function describeCover(parts: readonly SessionPart[]): string[] {
  const isMany = new Set(parts.map((part) => part.trace)).size > 1
  return parts.flatMap(({ trace, sessionId }) => {
    const query = queries.selectFrom('session').selectAll().where('session_id', '=', sessionId)
    const session = selectAll(trace.db, query).find((row) => row.duration_ns !== null)
    if (!session) return []
    const { text } = describeCompleteness({ ...session, lost: sumLoss(readBatchFacts(trace.db, [sessionId])) })
    return [`${isMany ? `${safeText(trace.path)} ` : ''}session ${sessionId}: ${text}`]
  })
}

/** Attempts of a session per outcome and per flag. */
export function countAttempts(db: Database, sessionId: number): { outcomes: OutcomeCounts; flags: FlagCounts } {
  const outcomes = sumColumns(db, sessionId, 'endpoint_latency', OUTCOMES) as OutcomeCounts
  const flags = sumColumns(db, sessionId, 'latency_window', FLAG_NAMES) as unknown as FlagCounts
  for (const attempt of iterateTail(db, sessionId)) {
    const outcome = OUTCOMES[attempt.outcome]
    if (outcome) outcomes[outcome]++
    FLAG_NAMES.forEach((name, bit) => (flags[name] += (attempt.flags >> bit) & 1))
  }
  return { outcomes, flags }
}

function sumColumns(
  db: Database,
  sessionId: number,
  table: 'endpoint_latency' | 'latency_window',
  names: readonly string[],
): Record<string, number> {
  const windows = queries.selectFrom('latency_window').select('window_id').where('session_id', '=', sessionId)
  const query = queries
    .selectFrom(table)
    .select(({ fn, ref }) => names.map((name) => fn.sum(ref(name as never)).as(name)))
    .where('window_id', 'in', windows)
  const [row] = selectAll(db, query) as Record<string, number | null>[]
  return Object.fromEntries(names.map((name) => [name, Number(row?.[name] ?? 0)]))
}
