import type { Database } from 'better-sqlite3'
import { sql } from 'kysely'
import { sumLoss } from '../../attempt/loss-causes.js'
import {
  describeCompleteness,
  differsFromKernel,
  type Verdict,
  describeLossCounts,
  describeLostProcesses,
} from '../../attempt/loss-text.js'
import type { FlagCounts } from '../../store/schema.js'
import { safeText } from '../../text/safe-text.js'
import { iterateTail } from './attempt-tail.js'
import { idsOf, readBatchFacts } from './batch-facts.js'
import { findRecorder } from './find-recorder.js'
import { createQuery, queries } from './query-builder.js'
import { boundedText } from './row-reader.js'
import { remoteSession, type SessionPart } from './scope.js'
import { describeMissingParts, type Trace } from './trace.js'

/** Bits of connect_attempt.flags, in the order of `FlagCounts`. */
export const FLAG_NAMES = [
  'ipv4_mapped',
  'fast_open',
  'mptcp',
  'kernel_thread',
  'no_syn',
  'simultaneous_open',
  'inexact',
] as const

/** The bit of connect_attempt.flags for attempts whose begin or end was not seen. */
export const INEXACT = 64

/**
 * The first lines of the output: sessions that are left out, missing logs, lost attempts, attempts without a process. One line per file, usually none.
 */
export function describeGaps(traces: readonly Trace[], parts: readonly SessionPart[]): string[] {
  return [...traces.flatMap(describeMissingParts), ...describeLoss(parts), ...describeUnnamed(parts)]
}

/** A line for each file with lost attempts. */
export function describeLoss(parts: readonly SessionPart[]): string[] {
  return linesByFile(parts, ({ db }, ids) => describeLossCounts(readBatchFacts(db, ids)))
}

const sumUnnamed = createQuery((sessionIds: string) =>
  queries
    .selectFrom('session')
    .select(({ fn }) => fn.sum('lost_process_count').as('count'))
    .where('session_id', 'in', idsOf(sessionIds)),
)

/** A line for each file with attempts without a process. Filters and groups by process leave them out. */
function describeUnnamed(parts: readonly SessionPart[]): string[] {
  return linesByFile(parts, ({ db }, ids) => {
    const [row] = sumUnnamed(db, JSON.stringify(ids))
    return describeLostProcesses(Number(row?.count ?? 0))
  })
}

function linesByFile(
  parts: readonly SessionPart[],
  describe: (trace: Trace, sessionIds: readonly number[]) => string | null,
): string[] {
  const idsByTrace = new Map<Trace, number[]>()
  for (const { trace, sessionId } of parts) {
    const ids = idsByTrace.get(trace)
    if (ids === undefined) idsByTrace.set(trace, [sessionId])
    else ids.push(sessionId)
  }
  return [...idsByTrace].flatMap(([trace, ids]) => {
    const line = describe(trace, ids)
    return line === null ? [] : [idsByTrace.size > 1 ? `${safeText(trace.path)}: ${line}` : line]
  })
}

const selectEnd = createQuery((sessionId: number) =>
  queries
    .selectFrom('session')
    .select(['duration_ns', 'kernel_attempts_min', 'kernel_attempts_max'])
    .select(['comparable_attempts', 'uncomparable_attempts', 'uncovered_run_count'])
    .select(['recorder_pid', 'recorder_start_ticks'])
    .select(sql<number>`session_id = (SELECT max(session_id) FROM session)`.as('is_newest'))
    .select(sql<string>`${sql.raw(boundedText('boot_id'))}`.as('boot_id'))
    .select(sql<string>`${sql.raw(boundedText('filters'))}`.as('filters'))
    .where('session_id', '=', sessionId),
)

/** Completeness, one line per session; printed below a table. */
export function describeCover(parts: readonly SessionPart[]): string[] {
  const isMany = new Set(parts.map((part) => part.trace)).size > 1
  return parts.flatMap(({ trace, sessionId }) => {
    const [session] = selectEnd(trace.db, sessionId)
    if (!session) return []
    const lost = sumLoss(readBatchFacts(trace.db, [sessionId]))
    const text =
      session.duration_ns === null
        ? describeOpenEnd(trace.remote ? null : findRecorder(session, trace.path, session.is_newest === 1) !== null)
        : describeCompleteness({ ...session, lost }).text
    return [`${nameSession({ trace, sessionId }, isMany)}: ${text}`]
  })
}

/** A session as lines name it. @param isMany whether there are several files */
export function nameSession({ trace, sessionId }: Pick<SessionPart, 'trace' | 'sessionId'>, isMany: boolean): string {
  const remote = remoteSession({ trace, sessionId })
  if (remote !== undefined) return `${safeText(remote.host)} session ${remote.uuid}`
  return `${isMany ? `${safeText(trace.path)} ` : ''}session ${sessionId}`
}

/** @param isRunning `null`: on another host */
function describeOpenEnd(isRunning: boolean | null): string {
  if (isRunning === null) return 'no end yet: still recording, or an unclean shutdown; completeness not checked'
  if (isRunning) return 'still recording; completeness is checked at its end'
  return 'unclean shutdown; completeness not checked'
}

/** Whether more attempts than the counted losses may be missing: no end, or a difference to the kernel's count. */
export function isDoubtful({ trace, sessionId }: SessionPart): boolean {
  const lost = sumLoss(readBatchFacts(trace.db, [sessionId]))
  return selectEnd(trace.db, sessionId).some((row) => row.duration_ns === null || differsFromKernel({ ...row, lost }))
}

/** The worst verdict of the sessions: `incomplete`, `unchecked` or `complete`. */
export function readVerdict(parts: readonly SessionPart[]): Verdict {
  const verdicts = parts.map(({ trace, sessionId }): Verdict => {
    const session = selectEnd(trace.db, sessionId).find((row) => row.duration_ns !== null)
    const lost = sumLoss(readBatchFacts(trace.db, [sessionId]))
    return session ? describeCompleteness({ ...session, lost }).verdict : 'unchecked'
  })
  const worst = (['incomplete', 'unchecked'] as const).find((verdict) => verdicts.includes(verdict))
  return worst ?? 'complete'
}

const sumFlags = createQuery((sessionId: number) =>
  queries
    .selectFrom('latency_window')
    .select(({ fn }) => FLAG_NAMES.map((name) => fn.sum<number | null>(name).as(name)))
    .where('session_id', '=', sessionId),
)

/** Whether a session may have ended attempts without a latency. */
export function hasInexact({ trace, sessionId }: SessionPart): boolean {
  const [row] = sumFlags(trace.db, sessionId)
  if (Number(row?.inexact ?? 0) > 0) return true
  if (trace.remote !== undefined) return trace.remote.hasInexactTail(sessionId)
  for (const { flags } of iterateTail(trace.db, sessionId)) if (flags & INEXACT) return true
  return false
}

/** Attempts of a session per flag: from its windows, and from the rows after the last window. */
export function countFlags(db: Database, sessionId: number): FlagCounts {
  const [row] = sumFlags(db, sessionId)
  const flags = Object.fromEntries(FLAG_NAMES.map((name) => [name, Number(row?.[name] ?? 0)])) as unknown as FlagCounts
  for (const attempt of iterateTail(db, sessionId)) {
    FLAG_NAMES.forEach((name, bit) => (flags[name] += (attempt.flags >> bit) & 1))
  }
  return flags
}
