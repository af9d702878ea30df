import { readMonotonicClock } from '../host/clock.js'
import { sumLoss, type LossCounts } from '../../attempt/loss-causes.js'
import { describeCutAnswers, type DnsLossCounts } from '../../attempt/loss-text.js'
import type { SkippedRuns } from '../probe/skipped-runs.js'
import { describeLostDetails } from '../event/describe-lost-details.js'
import { readProbeCounts, subtractCounts, type ProbeCounts, type Session } from './begin-session.js'
import { describeUnnamed, type UnnamedContainers } from '../containers/describe-unnamed.js'
import type { Completeness } from '../count/completeness.js'
import { describeNameGaps, type NameGaps } from './describe-name-gaps.js'
import { writePending } from './pending-rows.js'
import type { Pump } from './pump.js'
import { lockedTrace } from '../output/write-fault.js'
import type { DnsCounts } from '../write/dns-writer.js'
import type { SessionTotals } from '../write/session-totals.js'
import { closeSession, updateLimits, type EndReason } from './session-row.js'

/** Time limit at the end for another program's lock. */
const LOCKED_MS = 5000

/** Recorded and lost names. */
export type DnsResult = DnsCounts & DnsLossCounts

export interface SessionResult extends NameGaps {
  readonly durationNs: number
  readonly loss: LossCounts
  readonly rows: number
  readonly completeness: Completeness | null
  readonly skipped: SkippedRuns | null
  readonly lostProcesses: number
  /** Totals of the probe at this time */
  readonly counted: ProbeCounts
  readonly totals: SessionTotals
  readonly unnamed: UnnamedContainers
  /** `null`: names were not recorded */
  readonly dns: DnsResult | null
}

/** The moment after which no attempt is recorded. */
export interface StoppedAttempts {
  /** Recording time */
  readonly endNs: number
  /** CLOCK_MONOTONIC at the same time */
  readonly monotonicNs: bigint
}

/** Stops recording attempts. Those in the ring and pending ones are not written yet. */
export function stopAttempts({ clock, kernelCount, probe }: Session): StoppedAttempts {
  if (kernelCount) kernelCount.end(probe.stop)
  else probe.stop()
  probe.detach()
  return { endNs: clock.nowNs(), monotonicNs: readMonotonicClock() }
}

/**
 * Writes all remaining attempts including pending ones, and the end of the session.
 * @throws E_LOCKED_TRACE, E_REMOVED, E_MOVED, and errors of SQLite
 */
export function endSession(
  session: Session,
  pump: Pump,
  reason: EndReason,
  { endNs, monotonicNs } = stopAttempts(session),
): SessionResult {
  const { metadata, options, output, probe, writer } = session
  output.waitForLocks(LOCKED_MS)
  // All metadata is read before the last attempts that need it.
  metadata.finish()
  if (!pump.drain(() => endNs)) throw lockedTrace(output.path)
  pump.finishLookups()
  const pending = writePending(writer, probe.pending(), options.filters, { monotonicNs, nowNs: endNs })
  const result = writeSessionEnd(session, pump, { endNs, reason })
  return { ...result, rows: result.rows + pending }
}

/**
 * Writes the end of a session after all its attempts.
 * @throws E_REMOVED, E_MOVED, and errors of SQLite: the end is then not written
 */
export function writeSessionEnd(
  session: Session,
  pump: Pump,
  { endNs, reason }: { readonly endNs: number; readonly reason: EndReason },
): SessionResult {
  const { kernelCount, output, start, writer } = session
  const durationNs = endNs - start.sinceNs
  writer.addNames(true)
  writer.flushWindow()
  const completeness = kernelCount?.compare(writer.dictionaries.attemptsByNetns()) ?? null
  const counted = readProbeCounts(session)
  const probeCounts = subtractCounts(counted, session.countedBefore)
  const missing = countSkippedAttempts(completeness, probeCounts, sumLoss(pump.loss.total))
  if (missing > 0) pump.writeSkipped(missing, endNs)
  const loss = pump.loss.total
  const dns = session.metadata.counts()
  output.requireLinked()
  const names = findNameGaps(session)
  const unnamed = countUnnamed(session)
  addLimits(session, probeCounts, names, unnamed)
  closeSession(output.db, session.id, { durationNs, reason, loss, completeness, dns, ...probeCounts })
  const isLookedUp = session.options.dnsSource !== null
  return {
    durationNs,
    loss,
    rows: pump.rows,
    completeness,
    ...probeCounts,
    ...names,
    counted,
    totals: writer.totals,
    unnamed,
    dns: isLookedUp ? { ...writer.dns, ...dns } : null,
  }
}

function findNameGaps({ writer, cgroupPaths }: Session): NameGaps {
  return { unnamedUids: writer.unnamedUids(), isCgroupsCut: cgroupPaths.isCut }
}

function countUnnamed({ containers, writer }: Session): UnnamedContainers {
  return { count: writer.unnamedContainers(), reader: containers.health() }
}

/** Adds losses other than attempts and missing names, known only now, to the limits of the session. */
function addLimits(
  { metadata, id, limits, options, output }: Session,
  { lostDetails }: ProbeCounts,
  names: NameGaps,
  unnamed: UnnamedContainers,
): void {
  const cut = describeCutAnswers(metadata.counts().cut ?? 0)
  const details = [
    ...describeLostDetails(lostDetails),
    ...(cut === null ? [] : [cut]),
    ...describeNameGaps(names, options.host),
    ...describeUnnamed(unnamed),
  ]
  if (details.length > 0) updateLimits(output.db, id, [...limits, ...details])
}

/** Attempts that only the kernel counted, limited to the number of runs that may have cost one. */
function countSkippedAttempts(completeness: Completeness | null, { skipped }: ProbeCounts, lost: number): number {
  if (completeness === null || skipped === null) return 0
  const missing = completeness.kernelMin - completeness.comparable - lost
  return Math.min(Math.max(0, missing), skipped.uncovered)
}

/** After an error: detaches, and writes the end of the session if the file is still writable. */
export function failSession(session: Session, pump: Pump): void {
  const { clock, id, output, probe, start } = session
  try {
    probe.stop()
    probe.detach()
    // Locks have been waited for already.
    output.waitForLocks(0)
    const probeCounts = subtractCounts(readProbeCounts(session), session.countedBefore)
    addLimits(session, probeCounts, findNameGaps(session), countUnnamed(session))
    closeSession(output.db, id, {
      durationNs: clock.nowNs() - start.sinceNs,
      reason: 'error',
      loss: pump.loss.total,
      completeness: null,
      dns: session.metadata.counts(),
      ...probeCounts,
    })
  } catch {
    // The first error is reported. Without an end, the session counts as an unclean shutdown.
  }
}
