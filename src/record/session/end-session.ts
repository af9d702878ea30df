import { setTimeout as delay } from 'node:timers/promises'
import { readClock } from '../probe/libc.js'
import { TcpconnError } from '../../errors.js'
import type { LossCounts } from '../../store/loss-text.js'
import type { Session } from './begin-session.js'
import type { Completeness } from './completeness.js'
import { writePending } from './pending-rows.js'
import type { Pump } from './pump.js'
import { closeSession, type EndReason } from './session-row.js'

/** How long the end waits for somebody who holds the file locked. */
const LOCKED_MS = 5000
const RETRY_MS = 50

export interface SessionResult {
  readonly durationNs: number
  readonly loss: LossCounts
  readonly rows: number
  readonly completeness: Completeness | null
}

/** Stops taking up attempts, writes all that are left, pending ones too, and says goodbye in the session's row. */
export async function endSession(session: Session, pump: Pump, reason: EndReason): Promise<SessionResult> {
  const { clock, kernelCount, options, output, probe, writer } = session
  if (kernelCount) kernelCount.end(probe.stop)
  else probe.stop()
  probe.detach()
  const durationNs = clock.nowNs()
  const monotonicNs = readClock(1)
  await drainAll(session, pump)
  const pending = writePending(writer, probe.pending(), options.filters, { monotonicNs, nowNs: durationNs })
  writer.flushWindow()
  const completeness = kernelCount?.compare(writer.dictionaries.attemptsByNetns()) ?? null
  closeSession(output.db, session.id, { durationNs, reason, loss: pump.loss.total, completeness })
  return { durationNs, loss: pump.loss.total, rows: pump.rows + pending, completeness }
}

/** After an error: detaches, and says in the session's row how it ended if the file still takes it. */
export function failSession({ clock, id, output, probe }: Session, pump: Pump): void {
  probe.stop()
  probe.detach()
  try {
    closeSession(output.db, id, { durationNs: clock.nowNs(), reason: 'error', loss: pump.loss.total, completeness: null })
  } catch {
    // The first error is the one to report; without this row the session counts as cut off.
  }
}

async function drainAll({ clock, output }: Session, pump: Pump): Promise<void> {
  for (const untilNs = clock.nowNs() + LOCKED_MS * 1e6; !pump.drain(clock.nowNs); await delay(RETRY_MS)) {
    if (clock.nowNs() < untilNs) continue
    throw new TcpconnError('E_LOCKED_TRACE', {
      what: `the last attempts could not be written into ${output.path}`,
      reason: `another program has held it locked for ${LOCKED_MS / 1000} s`,
      hint: 'end that program; all that was written before is in the file',
    })
  }
}
