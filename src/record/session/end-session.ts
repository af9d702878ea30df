import { readMonotonicClock } from '../host/clock.js'
import type { DnsLossCounts } from '../../store/dns-loss-text.js'
import { sumLoss, type LossCounts } from '../../store/loss-text.js'
import type { SkippedRuns } from '../probe/skipped-runs.js'
import { readProbeCounts, subtractCounts, type ProbeCounts, type Session } from './begin-session.js'
import type { Completeness } from './completeness.js'
import { writePending } from './pending-rows.js'
import type { Pump } from './pump.js'
import { lockedTrace } from './write-fault.js'
import type { DnsCounts } from '../write/dns-writer.js'
import type { SessionTotals } from '../write/session-totals.js'
import { closeSession, type EndReason, type SessionEnd } from './session-row.js'

/** How long the end waits for somebody who holds the file locked. */
const LOCKED_MS = 5000

/** What was recorded of names, and what was lost. */
export type DnsResult = DnsCounts & DnsLossCounts

export interface SessionResult {
  readonly durationNs: number
  readonly loss: LossCounts
  readonly rows: number
  readonly completeness: Completeness | null
  readonly skipped: SkippedRuns | null
  readonly lostProcesses: number
  /** The probe's own totals of these, as of now */
  readonly counted: ProbeCounts
  readonly totals: SessionTotals
  /** `null`: names were not looked at */
  readonly dns: DnsResult | null
}

/**
 * Stops taking up attempts, writes all that are left, pending ones too, and says goodbye in the session's row.
 * @throws E_LOCKED_TRACE, E_REMOVED, E_MOVED, and what SQLite throws
 */
export function endSession(session: Session, pump: Pump, reason: EndReason): SessionResult {
  const { clock, context, kernelCount, options, output, probe, writer } = session
  if (kernelCount) kernelCount.end(probe.stop)
  else probe.stop()
  probe.detach()
  const durationNs = clock.nowNs()
  const monotonicNs = readMonotonicClock()
  output.waitForLocks(LOCKED_MS)
  // Before the attempts that it explains, and all of it: nothing more comes.
  context.finish()
  if (!pump.drain(clock.nowNs)) throw lockedTrace(output.path)
  while (context.lookups.length > 0) writer.writeLookups()
  const pending = writePending(writer, probe.pending(), options.filters, { monotonicNs, nowNs: durationNs })
  const result = sayGoodbye(session, pump, { durationNs, reason })
  return { ...result, rows: result.rows + pending }
}

/**
 * The last words of a session, when all its attempts are written.
 * @throws E_REMOVED, E_MOVED, and what SQLite throws: nothing was said then
 */
export function sayGoodbye(
  session: Session,
  pump: Pump,
  { durationNs, reason }: Pick<SessionEnd, 'durationNs' | 'reason'>,
): SessionResult {
  const { kernelCount, output, writer } = session
  writer.addNames(true)
  writer.flushWindow()
  const completeness = kernelCount?.compare(writer.dictionaries.attemptsByNetns()) ?? null
  const counted = readProbeCounts(session.probe)
  const probeCounts = subtractCounts(counted, session.countedBefore)
  const missing = countSkippedAttempts(completeness, probeCounts, sumLoss(pump.loss.total))
  if (missing > 0) pump.writeSkipped(missing, durationNs)
  const loss = pump.loss.total
  const dns = session.context.counts()
  output.requireName()
  closeSession(output.db, session.id, { durationNs, reason, loss, completeness, dns, ...probeCounts })
  const isLookedUp = session.options.dnsSource !== null
  return {
    durationNs,
    loss,
    rows: pump.rows,
    completeness,
    ...probeCounts,
    counted,
    totals: writer.totals,
    dns: isLookedUp ? { ...writer.dns, ...dns } : null,
  }
}

/** Attempts that the kernel counted and that are in no other count: no more than runs that may have cost one. */
function countSkippedAttempts(completeness: Completeness | null, { skipped }: ProbeCounts, lost: number): number {
  if (completeness === null || skipped === null) return 0
  const missing = completeness.kernelMin - completeness.comparable - lost
  return Math.min(Math.max(0, missing), skipped.uncovered)
}

/** After an error: detaches, and says in the session's row how it ended if the file still takes it. */
export function failSession(session: Session, pump: Pump): void {
  const { clock, id, output, probe } = session
  try {
    probe.stop()
    probe.detach()
    // What is locked has been waited for already.
    output.waitForLocks(0)
    closeSession(output.db, id, {
      durationNs: clock.nowNs(),
      reason: 'error',
      loss: pump.loss.total,
      completeness: null,
      dns: session.context.counts(),
      ...subtractCounts(readProbeCounts(probe), session.countedBefore),
    })
  } catch {
    // The first error is the one to report; without this row the session counts as cut off.
  }
}
