import { CLOCK_STEP_NS } from '../host/clock.js'
import type { StatusLine } from '../status/status-line.js'
import { sumLoss } from '../../store/loss-text.js'
import type { Session } from './begin-session.js'
import type { Pump } from './pump.js'
import { insertClockOffset } from './session-row.js'
import type { StopSignal } from './stop-signal.js'

/** What a kill -9 can cost is this and the write: 200 ms. Each tick of an idle process is about 250 µs of CPU. */
const TICK_MS = 150
/** The tick while the ring fills fast. */
const BUSY_TICK_MS = 20
/** Fill of the ring, found at a tick, that calls for the faster one. */
const BUSY_SHARE = 1 / 16
const CLOCK_CHECK_NS = 1e9

/** Moves events from the ring to the file until `stop` says so or the duration is over. */
export async function runSession(session: Session, pump: Pump, stop: StopSignal, status: StatusLine): Promise<void> {
  const { clock, options, probe } = session
  const watchClock = createClockWatch(session)
  while (stop.reason === null) {
    const isBusy = probe.ring.pendingBytes() > probe.ring.sizeBytes * BUSY_SHARE
    const isWritable = pump.drain(clock.nowNs)
    const nowNs = clock.nowNs()
    if (isWritable) watchClock(nowNs)
    status.draw(nowNs, sumLoss(pump.loss.total))
    const leftMs = ((options.durationNs ?? Infinity) - nowNs) / 1e6
    if (leftMs <= 0) stop.stop('duration')
    else await stop.wait(Math.min(leftMs, isBusy ? BUSY_TICK_MS : TICK_MS))
  }
}

/** Stores the wall-clock offset anew whenever the clock was set. */
function createClockWatch({ clock, output, id }: Session): (nowNs: number) => void {
  let checkedNs = 0
  let stored = clock.unixOffsetNs()
  return (nowNs) => {
    if (nowNs - checkedNs < CLOCK_CHECK_NS) return
    output.requireName()
    const offset = clock.unixOffsetNs()
    const change = offset - stored
    if (change >= CLOCK_STEP_NS || change <= -CLOCK_STEP_NS) {
      if (!insertClockOffset(output.db, id, checkedNs, offset)) return
      stored = offset
    }
    checkedNs = nowNs
  }
}
