import { formatCount, formatPlural } from '../../show/format-number.js'
import { safeLine } from '../../show/safe-text.js'
import { sleep } from '../host/sleep.js'
import { openDatagrams } from '../probe/libc.js'

const STATUS_NS = 10e9
const US_NS = 1000
/** How long and how often the last word is tried, when no other turn of the loop comes. */
const LAST_TRIES = 20
const LAST_WAIT_MS = 10

/** What a service manager shows of a recording. */
export interface Progress {
  readonly attempts: number
  readonly lost: number
  /** Of the file that is recorded into */
  readonly path: string
}

/** Tells the service manager how it goes, by the protocol of sd_notify(3). Does nothing without one. */
export interface Notifier {
  /** Attempts are recorded from now on. If the manager is busy it learns of it at a later turn. */
  ready(): void
  /** To be called at each turn of the loop: shows that it turns, and now and then what it has done. */
  tick(nowNs: number, progress: () => Progress): void
  /** Recording is about to end. Waits 0.2 s at most for a manager that is busy. */
  stopping(): void
}

/** @returns `false` when it is to be tried again */
type Send = (text: string) => boolean

/**
 * The notifier for the manager that this process was started by. Takes its variables out of the environment: they are for this
 * process, not for what it starts.
 */
export function openNotifier(
  env: NodeJS.ProcessEnv = process.env,
  open: typeof openDatagrams = openDatagrams,
): Notifier {
  const { NOTIFY_SOCKET: path, WATCHDOG_USEC: microseconds, WATCHDOG_PID: pid } = env
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[name]
  // vsock: and the like are for machines, whose manager is on another one.
  const send = path !== undefined && /^[/@]./.test(path) ? open(path) : null
  if (send === null) return { ready() {}, tick() {}, stopping() {} }
  const isWatched = /^\d+$/.test(microseconds ?? '') && (pid === undefined || Number(pid) === process.pid)
  return createNotifier(send, isWatched ? Number(microseconds) * US_NS : null)
}

/** @param watchdogNs how long the manager waits for a sign of life, `null` when it does not */
function createNotifier(send: Send, watchdogNs: number | null): Notifier {
  let aliveNs = -Infinity
  let toldNs = -Infinity
  const outbox = createOutbox(send)
  return {
    ready: () => outbox.post('READY=1\n'),
    stopping() {
      outbox.post('STOPPING=1\n')
      for (let i = 0; i < LAST_TRIES && !outbox.deliver(); i++) sleep(LAST_WAIT_MS)
    },
    tick(nowNs, progress) {
      if (!outbox.deliver()) return
      // sd_watchdog_enabled(3) asks for half of the time.
      if (watchdogNs !== null && nowNs - aliveNs >= watchdogNs / 2 && send('WATCHDOG=1\n')) aliveNs = nowNs
      if (nowNs - toldNs < STATUS_NS) return
      toldNs = nowNs
      send(`STATUS=${describe(progress())}\n`)
    },
  }
}

/** What the manager must not miss: without READY=1 it ends the recorder. In order, as soon as there is room for it. */
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

function describe({ attempts, lost, path }: Progress): string {
  return safeLine(`${formatPlural(attempts, 'attempt')} recorded, ${formatCount(lost)} lost; into ${path}`)
}
