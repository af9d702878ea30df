import { CLOCK_STEP_NS } from '../host/clock.js'
import { sumLoss } from '../../attempt/loss-causes.js'
import type { Notifier } from '../service/notifier.js'
import type { Session } from './begin-session.js'
import type { Recording } from './recording.js'
import { insertClockOffset } from './session-row.js'
import { isLocked } from '../output/write-fault.js'
import type { StopSignal } from './stop-signal.js'
import type { CommittedBatch } from './pump.js'

/** Displays a running recording: the status line, or the live view. */
export interface Display {
  /** Recording has started. */
  begin(): void
  /** Receives each committed batch. @param nowNs ns since the recording began, here and below */
  observe(batch: CommittedBatch, nowNs: number): void
  /** Called at each tick. @param lost attempts lost so far */
  draw(nowNs: number, lost: number): void
  /** Clears the display before other lines. */
  clear(): void
  /** Shows the rest. All attempts are in the trace. */
  end(): void
}

/**
 * Interval of ticks. A kill -9 costs at most this and one write: 200 ms. A tick of an idle process takes about 250 µs
 * of CPU.
 */
const TICK_MS = 150
/** Interval while the ring fills fast. */
const BUSY_TICK_MS = 20
/** Limit of the wait for names of containers at a rotation. The ring fills meanwhile. */
const NAMES_MS = 150
/** Fill level of the ring at a tick that selects the faster interval. */
const BUSY_SHARE = 1 / 16
/** Interval of checks for rare changes. */
const CHECK_NS = 1e9

/** Receivers of progress. */
export interface Watchers {
  readonly display: Display
  readonly notifier: Notifier
}

/** Moves events from the ring to the file until `stop` or the end of the duration. */
export async function runSession(recording: Recording, stop: StopSignal, watchers: Watchers): Promise<void> {
  const { clock, options, probe } = recording.part.session
  let checked = recording.part.session
  let check = createCheck(checked)
  while (stop.reason === null) {
    const begunNs = clock.nowNs()
    const isBusy = probe.ring.pendingBytes() > probe.ring.sizeBytes * BUSY_SHARE
    const { session, pump } = recording.part
    const isWritable = pump.drain(clock.nowNs)
    const nowNs = clock.nowNs()
    if (session !== checked) check = createCheck((checked = session))
    probe.tend(recording.totals.rows + pump.rows)
    probe.forgetProcesses()
    if (isWritable) {
      if (recording.endsFile(nowNs)) await session.containers.settle(NAMES_MS)
      const checkNow = check
      pump.hold(clock.nowNs, () => {
        checkNow(nowNs)
        recording.tend(nowNs)
      })
    }
    showProgress(recording, nowNs, watchers)
    const leftMs = ((options.durationNs ?? Infinity) - nowNs) / 1e6
    if (leftMs <= 0) stop.stop('duration')
    else await stop.wait(Math.min(leftMs, isBusy ? BUSY_TICK_MS : restOfTick(clock.nowNs() - begunNs)))
  }
}

/** Ticks start at equal intervals, regardless of write times; a slow disk gets a minimum pause between two writes. */
function restOfTick(spentNs: number): number {
  return Math.max(BUSY_TICK_MS, TICK_MS - spentNs / 1e6)
}

function showProgress({ part, totals }: Recording, nowNs: number, { display, notifier }: Watchers): void {
  const lost = totals.lost + sumLoss(part.pump.loss.total)
  display.draw(nowNs, lost)
  notifier.tick(nowNs, () => ({ attempts: totals.rows + part.pump.rows, lost, path: part.session.output.path }))
}

/**
 * Adds names that became known, and stores a new clock offset after the clock was set. If another program keeps the
 * file locked, both wait for the next tick.
 */
function createCheck({ clock, start, output, id, writer }: Session): (nowNs: number) => void {
  let checkedNs = start.sinceNs
  let stored = start.unixNs
  return (nowNs) => {
    if (nowNs - checkedNs < CHECK_NS) return
    output.requireLinked()
    const offset = clock.unixOffsetNs() + BigInt(start.sinceNs)
    const change = offset - stored
    try {
      writer.addNames(false)
      if (change >= CLOCK_STEP_NS || change <= -CLOCK_STEP_NS) {
        insertClockOffset(output.db, id, checkedNs - start.sinceNs, offset)
        stored = offset
      }
      checkedNs = nowNs
    } catch (error) {
      if (!isLocked(error)) throw error
    }
  }
}
