import { formatCount, formatPlural } from '../../text/format-number.js'
import { safeLine } from '../../text/safe-text.js'
import { sleep } from '../host/clock.js'
import { openDatagrams } from '../native/libc.js'

const STATUS_NS = 10e9
const US_NS = 1000
/** Number and delay of attempts to send the last message, after the loop has ended. */
const LAST_TRIES = 20
const LAST_WAIT_MS = 10

/** Progress of a recording, shown by a service manager. */
export interface RecordingProgress {
  readonly attempts: number
  readonly lost: number
  /** Path of the current file */
  readonly path: string
}

/** Reports the state to the service manager through sd_notify(3). Does nothing without a manager. */
export interface Notifier {
  /** Recording has started. If the manager is busy, a later tick delivers it. */
  ready(): void
  /** Call at each turn of the loop: sends the watchdog keep-alive and the status. */
  tick(nowNs: number, progress: () => RecordingProgress): void
  /** Recording is about to end. Waits up to 0.2 s for a busy manager. */
  stopping(): void
}

/** @returns `false` if the caller should try again */
type Send = (text: string) => boolean

/**
 * The notifier for the manager that started this process. Removes its variables from the environment, so that child
 * processes do not inherit them.
 * @param wait waits for some ms
 */
export function openNotifier(
  env: NodeJS.ProcessEnv = process.env,
  open: typeof openDatagrams = openDatagrams,
  wait: (milliseconds: number) => void = sleep,
): Notifier {
  const { NOTIFY_SOCKET: path, WATCHDOG_USEC: microseconds, WATCHDOG_PID: pid } = env
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[name]
  // vsock: and similar addresses belong to a manager outside of this machine.
  const send = path !== undefined && /^[/@]./.test(path) ? open(path) : null
  if (send === null) return { ready() {}, tick() {}, stopping() {} }
  const isWatched = /^\d+$/.test(microseconds ?? '') && (pid === undefined || Number(pid) === process.pid)
  return createNotifier(send, isWatched ? Number(microseconds) * US_NS : null, wait)
}

/** @param watchdogNs watchdog timeout, `null` without one */
function createNotifier(send: Send, watchdogNs: number | null, wait: (milliseconds: number) => void): Notifier {
  let aliveNs = -Infinity
  let reportedNs = -Infinity
  const outbox = createOutbox(send)
  return {
    ready: () => outbox.post('READY=1\n'),
    stopping() {
      outbox.post('STOPPING=1\n')
      for (let i = 0; i < LAST_TRIES && !outbox.deliver(); i++) wait(LAST_WAIT_MS)
    },
    tick(nowNs, progress) {
      if (!outbox.deliver()) return
      // sd_watchdog_enabled(3) recommends half of the timeout.
      if (watchdogNs !== null && nowNs - aliveNs >= watchdogNs / 2 && send('WATCHDOG=1\n')) aliveNs = nowNs
      if (nowNs - reportedNs < STATUS_NS) return
      reportedNs = nowNs
      send(`STATUS=${describe(progress())}\n`)
    },
  }
}

/**
 * Messages that the manager must receive: without READY=1 it ends the recorder. Delivered in order, as soon as there is
 * space.
 */
function createOutbox(send: Send): { post(text: string): void; deliver(): boolean } {
  const waiting: string[] = []
  const deliver = () => {
    while (waiting[0] !== undefined && send(waiting[0])) waiting.shift()
    return waiting.length === 0
  }
  return {
    deliver,
    post(text) {
      waiting.push(text)
      deliver()
    },
  }
}

function describe({ attempts, lost, path }: RecordingProgress): string {
  return safeLine(`${formatPlural(attempts, 'attempt')} recorded, ${formatCount(lost)} lost; into ${path}`)
}
