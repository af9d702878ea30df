import { CLOCK_STEP_NS } from '../host/clock.js'
import type { StatusLine } from '../status/status-line.js'
import { sumLoss } from '../../store/loss-text.js'
import type { Session } from './begin-session.js'
import type { Pump } from './pump.js'
import { insertClockOffset, isLocked } from './session-row.js'
import type { StopSignal } from './stop-signal.js'

/** What a kill -9 can cost is this and the write: 200 ms. Each tick of an idle process is about 250 µs of CPU. */
const TICK_MS = 150
/** The tick while the ring fills fast. */
const BUSY_TICK_MS = 20
/** Fill of the ring, found at a tick, that calls for the faster one. */
const BUSY_SHARE = 1 / 16
/** How often everything is looked at that seldom changes. */
const CHECK_NS = 1e9

/** Moves events from the ring to the file until `stop` says so or the duration is over. */
export async function runSession(session: Session, pump: Pump, stop: StopSignal, status: StatusLine): Promise<void> {
  const { clock, context, options, probe } = session
  const check = createCheck(session)
  while (stop.reason === null) {
    const isBusy = probe.ring.pendingBytes() > probe.ring.sizeBytes * BUSY_SHARE
    context.read()
    const isWritable = pump.drain(clock.nowNs)
    const nowNs = clock.nowNs()
    if (isWritable) check(nowNs)
    status.draw(nowNs, sumLoss(pump.loss.total))
    const leftMs = ((options.durationNs ?? Infinity) - nowNs) / 1e6
    if (leftMs <= 0) stop.stop('duration')
    else await stop.wait(Math.min(leftMs, isBusy ? BUSY_TICK_MS : TICK_MS))
  }
}

/**
 * Adds names that were not known before, and stores the wall-clock offset anew whenever the clock was set. While somebody
 * else holds the file locked both wait for the next tick.
 */
function createCheck({ clock, output, id, writer }: Session): (nowNs: number) => void {
  let checkedNs = 0
  let stored = clock.unixOffsetNs()
  return (nowNs) => {
    if (nowNs - checkedNs < CHECK_NS) return
    output.requireName()
    const offset = clock.unixOffsetNs()
    const change = offset - stored
    try {
      writer.addNames(false)
      if (change >= CLOCK_STEP_NS || change <= -CLOCK_STEP_NS) {
        insertClockOffset(output.db, id, checkedNs, offset)
        stored = offset
      }
      checkedNs = nowNs
    } catch (error) {
      if (!isLocked(error)) throw error
    }
  }
}
