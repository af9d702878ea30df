import { readMonotonicClock } from '../host/clock.js'
import type { DnsLossCounts } from '../../store/dns-loss-text.js'
import type { LossCounts } from '../../store/loss-text.js'
import type { Session } from './begin-session.js'
import type { Completeness } from './completeness.js'
import { writePending } from './pending-rows.js'
import type { Pump } from './pump.js'
import { lockedTrace } from './write-fault.js'
import { closeSession, type EndReason } from './session-row.js'

/** How long the end waits for somebody who holds the file locked. */
const LOCKED_MS = 5000

export interface SessionResult {
  readonly durationNs: number
  readonly loss: LossCounts
  readonly rows: number
  readonly completeness: Completeness | null
  readonly dns: DnsLossCounts
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
  if (!pump.drain(clock.nowNs)) throw lockedTrace(output.path)
  context.finish()
  while (context.lookups.length > 0) writer.writeLookups()
  const pending = writePending(writer, probe.pending(), options.filters, { monotonicNs, nowNs: durationNs })
  writer.addNames(true)
  writer.flushWindow()
  const completeness = kernelCount?.compare(writer.dictionaries.attemptsByNetns()) ?? null
  const dns = countsOf(session)
  output.requireName()
  closeSession(output.db, session.id, { durationNs, reason, loss: pump.loss.total, completeness, dns })
  return { durationNs, loss: pump.loss.total, rows: pump.rows + pending, completeness, dns }
}

/** After an error: detaches, and says in the session's row how it ended if the file still takes it. */
export function failSession(session: Session, pump: Pump): void {
  const { clock, id, output, probe } = session
  probe.stop()
  probe.detach()
  try {
    // What is locked has been waited for already.
    output.waitForLocks(0)
    closeSession(output.db, id, {
      durationNs: clock.nowNs(),
      reason: 'error',
      loss: pump.loss.total,
      completeness: null,
      dns: countsOf(session),
    })
  } catch {
    // The first error is the one to report; without this row the session counts as cut off.
  }
}

/** Only where lookups were recorded: the ring holds more than those. */
function countsOf({ context, options }: Session) {
  return options.dnsSource === null ? { lost: 0, malformed: 0, evicted: 0 } : context.counts()
}
