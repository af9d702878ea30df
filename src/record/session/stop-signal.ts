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

/** Ctrl-C, a polite kill and a closed terminal end a recording. */
export function stopOnSignals(signal: StopSignal): void {
  process.on('SIGINT', () => signal.stop('interrupt'))
  process.on('SIGTERM', () => signal.stop('terminate'))
  process.on('SIGHUP', () => signal.stop('terminate'))
}
