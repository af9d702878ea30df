import { outlivesTerminal } from '../../outlive-terminal.js'
import type { EndReason } from './session-row.js'

/** Ends a recording once: the first reason counts. */
export interface StopSignal {
  readonly reason: EndReason | null
  stop(reason: EndReason): void
  /** Resolves after `milliseconds`, or at once when recording is to end. */
  wait(milliseconds: number): Promise<void>
}

export function createStopSignal(): StopSignal {
  let reason: EndReason | null = null
  let wake = () => {}
  return {
    get reason() {
      return reason
    },
    stop(why) {
      reason ??= why
      wake()
    },
    wait: (milliseconds) =>
      new Promise((resolve) => {
        if (reason !== null) return resolve()
        const timer = setTimeout(resolve, milliseconds)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      }),
  }
}

/**
 * Without a listener SIGUSR1 opens Node's debugger, and with it this process and its capabilities to whoever may send a
 * signal. To be called before privileges are dropped.
 */
export function refuseDebugger(): void {
  process.on('SIGUSR1', () => {})
}

/** Ctrl-C, a polite kill and a closed terminal end a recording; the latter not under nohup. */
export function stopOnSignals(signal: StopSignal): void {
  process.on('SIGINT', () => signal.stop('interrupt'))
  process.on('SIGTERM', () => signal.stop('terminate'))
  if (!outlivesTerminal()) process.on('SIGHUP', () => signal.stop('terminate'))
}

/** From here on these signals end the process at once, even one that waits for whoever reads its stdout. */
export function endOnSignals(): void {
  process.removeAllListeners('SIGINT')
  process.removeAllListeners('SIGTERM')
  if (!outlivesTerminal()) process.removeAllListeners('SIGHUP')
}
