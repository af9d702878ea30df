import { setImmediate } from 'node:timers/promises'
import { UsageError } from '../../base/errors.js'
import { findDamage } from '../../store/find-damage.js'
import { formatCount } from '../../text/format-number.js'
import { safeLine } from '../../text/safe-text.js'
import { requireTerminal } from '../../top/terminal/screen.js'
import type { TopOptions } from '../../top/top-options.js'
import { createTopView, type TopSource } from '../../top/top-view.js'
import { selectScope, type RawScope } from '../options/select-scope.js'
import { describeMissingDns } from '../replay/recorded-dns.js'
import { recordedSessions } from '../replay/recorded-rows.js'
import { describeMissing } from '../scan/completeness-lines.js'
import { withTraces } from '../scan/trace.js'
import { createEndedAttempts, type EndedAttempts } from './ended-attempts.js'
import { createPlayer } from './player.js'
import { createReplayClock } from './replay-clock.js'
import { createStop } from './stop.js'
import { MAX_WAITING } from './waiting-attempts.js'

/** Interval of moving on. */
const TICK_MS = 50
/** Interval of frames. */
const FRAME_MS = 250
/** Interval of measuring the actual speed. */
const MEASURE_MS = 2000
/** Begins and ends of attempts between two looks at keys and signals: some 10 ms. */
const STEP_EVENTS = 2000
/** Share of the wanted speed below which the actual speed is shown. */
const SLOWER = 0.9

/** How a trace is replayed. */
export interface ReplaySpeed {
  /** Trace time per real time */
  readonly speed: number
}

/**
 * Shows a recorded trace as the table of a moving minute.
 * @throws UsageError, E_TERMINAL, the errors of `openTrace`
 */
export async function topReplay(file: string, raw: RawScope, table: TopOptions, { speed }: ReplaySpeed): Promise<void> {
  if (!table.once) requireTerminal()
  try {
    await withTraces([file], async (traces) => {
      const scope = selectScope(traces, raw)
      const missingDns = describeMissingDns(scope.parts)
      const gaps = describeMissing(traces, scope.parts, raw)
      const attempts = createEndedAttempts(recordedSessions(scope))
      const missing = () => [...gaps, ...describeMissingAttempts(attempts)]
      const notices = (dimension: string) => [
        ...missing(),
        ...(dimension === 'dns' && missingDns !== null ? [missingDns] : []),
      ]
      await run(attempts, { table, speed, notices })
      if (!table.once) for (const notice of missing()) process.stderr.write(`${safeLine(notice)}\n`)
    })
  } catch (error) {
    throw findDamage([file], error)
  }
}

function describeMissingAttempts({ missingCount }: EndedAttempts): string[] {
  if (missingCount === 0) return []
  const many = formatCount(MAX_WAITING)
  return [`more than ${many} attempts waited at the same time: ${formatCount(missingCount)} of them are not shown`]
}

/** As typed. */
interface RawReplay {
  readonly once?: boolean
  readonly speed?: string
  readonly step?: boolean
}

/** @throws UsageError */
export function parseSpeed({ once, speed, step }: RawReplay): ReplaySpeed {
  const ignored = speed !== undefined ? '--speed' : step ? '--step' : null
  if (once && ignored !== null) {
    throw new UsageError('--once', `with ${ignored}`, `no ${ignored} beside it: it prints the end of the trace`)
  }
  if (speed === undefined) return { speed: 1 }
  if (step) throw new UsageError('--speed', speed, 'no --step beside it: a key moves the replay on')
  const [, digits] = /^(\d{1,7}(?:\.\d+)?)x?$/.exec(speed) ?? []
  if (Number(digits) > 0) return { speed: Number(digits) }
  throw new UsageError('--speed', speed, 'a factor above 0 like 60x, 2 or 0.5x')
}

interface ReplaySettings extends ReplaySpeed {
  readonly table: TopOptions
  readonly notices: TopSource['notices']
}

async function run(attempts: EndedAttempts, { table, speed, notices }: ReplaySettings): Promise<void> {
  const clock = createReplayClock(speed, table.isPaused)
  const stop = createStop()
  let actualSpeed = speed
  const title = () => {
    if (attempts.isFinished) return 'end of the trace'
    if (clock.isPaused) return 'replay paused'
    return `replay at ${speed}x${actualSpeed < speed * SLOWER ? `, actually ${Number(actualSpeed.toPrecision(2))}x` : ''}`
  }
  const view = createTopView(table, {
    title,
    notices,
    pending: attempts.pending,
    toUnixNs: (nowNs) => attempts.unixOffsetNs + BigInt(Math.round(nowNs)),
    quit: stop.now,
    replay: { pause: clock.pause, step: () => player.step() },
  })
  const player = createPlayer(attempts, clock, view)
  const play = async () => {
    const isFrameDue = createInterval(FRAME_MS)
    const isMeasureDue = createInterval(MEASURE_MS)
    while (!stop.isStopped) {
      const targetNs = clock.advance()
      const isThere = clock.isPaused || attempts.isFinished || player.moveTo(targetNs, STEP_EVENTS)
      if (isMeasureDue()) actualSpeed = clock.measure()
      if (isFrameDue()) view.draw()
      await (isThere ? stop.wait(TICK_MS) : setImmediate())
    }
  }
  try {
    view.begin()
    if (!table.once) return await play()
    while (!stop.isStopped && !player.moveTo(Infinity, STEP_EVENTS)) await setImmediate()
    if (!stop.isStopped) view.end(player.positionNs)
  } finally {
    view.leave()
    stop.close()
  }
}

/** Whether so much time has passed since the last time that it was true. */
function createInterval(milliseconds: number): () => boolean {
  let lastMs = performance.now()
  return () => {
    const nowMs = performance.now()
    if (nowMs - lastMs < milliseconds) return false
    lastMs = nowMs
    return true
  }
}
