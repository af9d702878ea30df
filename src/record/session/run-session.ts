import { CLOCK_STEP_NS } from '../host/clock.js'
import { sumLoss } from '../../store/loss-text.js'
import type { Notifier } from '../service/notifier.js'
import type { StatusLine } from '../status/status-line.js'
import type { Session } from './begin-session.js'
import type { Recording } from './recording.js'
import { insertClockOffset, isLocked } from './session-row.js'
import type { StopSignal } from './stop-signal.js'

/**
 * From the beginning of one tick to that of the next. What a kill -9 can cost is this and one write: 200 ms. Each tick of an
 * idle process is about 250 µs of CPU.
 */
const TICK_MS = 150
/** The tick while the ring fills fast. */
const BUSY_TICK_MS = 20
/** Fill of the ring, found at a tick, that calls for the faster one. */
const BUSY_SHARE = 1 / 16
/** How often everything is looked at that seldom changes. */
const CHECK_NS = 1e9

/** Who is told how a recording goes. */
export interface Watchers {
  readonly status: StatusLine
  readonly notifier: Notifier
}

/** Moves events from the ring to the file until `stop` says so or the duration is over. */
export async function runSession(recording: Recording, stop: StopSignal, watchers: Watchers): Promise<void> {
  // That of the first file is the clock of all of them.
  const { clock, context, options, probe } = recording.part.session
  let checked = recording.part.session
  let check = createCheck(checked)
  while (stop.reason === null) {
    const begunNs = clock.nowNs()
    const isBusy = probe.ring.pendingBytes() > probe.ring.sizeBytes * BUSY_SHARE
    context.read()
    const { session, pump } = recording.part
    const isWritable = pump.drain(session.clock.nowNs)
    const nowNs = clock.nowNs()
    if (session !== checked) check = createCheck((checked = session))
    probe.tend(recording.tally.rows + pump.rows)
    probe.forgetProcesses()
    if (isWritable) {
      check(session.clock === clock ? nowNs : session.clock.nowNs())
      recording.tend(nowNs)
    }
    tell(recording, nowNs, watchers)
    const leftMs = ((options.durationNs ?? Infinity) - nowNs) / 1e6
    if (leftMs <= 0) stop.stop('duration')
    else await stop.wait(Math.min(leftMs, isBusy ? BUSY_TICK_MS : restOfTick(clock.nowNs() - begunNs)))
  }
}

/** Ticks begin at equal distances, however long writing takes; a slow disk gets a pause between two writes. */
function restOfTick(spentNs: number): number {
  return Math.max(BUSY_TICK_MS, TICK_MS - spentNs / 1e6)
}

function tell({ part, tally }: Recording, nowNs: number, { status, notifier }: Watchers): void {
  const lost = tally.lost + sumLoss(part.pump.loss.total)
  status.draw(nowNs, lost)
  notifier.tick(nowNs, () => ({ attempts: tally.rows + part.pump.rows, lost, path: part.session.output.path }))
}

/**
 * Adds names that were not known before, and stores the wall-clock offset anew whenever the clock was set. While somebody
 * else holds the file locked both wait for the next tick.
 */
function createCheck({ clock, output, id, writer }: Session): (nowNs: number) => void {
  let checkedNs = 0
  let stored = clock.startedUnixNs
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
