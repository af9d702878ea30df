import { outlivesTerminal } from '../../base/outlive-terminal.js'
import type { EndReason } from './session-row.js'

/** Ends a recording once: the first reason counts. */
export interface StopSignal {
  readonly reason: EndReason | null
  stop(reason: EndReason): void
  /** Resolves after `milliseconds`, or at once when the recording stops. */
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
 * Without a listener SIGUSR1 starts Node's debugger, which exposes this process and its capabilities to any sender of
 * the signal. Call before privileges are dropped.
 */
export function refuseDebugger(): void {
  process.on('SIGUSR1', () => {})
}

/** SIGINT, SIGTERM and a closed terminal end a recording; the last not under nohup. */
export function stopOnSignals(signal: StopSignal): void {
  process.on('SIGINT', () => signal.stop('interrupt'))
  process.on('SIGTERM', () => signal.stop('terminate'))
  if (!outlivesTerminal()) process.on('SIGHUP', () => signal.stop('terminate'))
}

/** From now on these signals end the process at once, even while it waits for a reader of stdout. */
export function endOnSignals(): void {
  process.removeAllListeners('SIGINT')
  process.removeAllListeners('SIGTERM')
  if (!outlivesTerminal()) process.removeAllListeners('SIGHUP')
}
