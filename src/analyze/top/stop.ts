const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Ends a replay: a key, or a signal, so that the terminal is restored. */
export interface Stop {
  readonly isStopped: boolean
  now(): void
  /** Resolves after `milliseconds`, or at once when stopped. */
  wait(milliseconds: number): Promise<void>
  /** Signals end the process again. */
  close(): void
}

export function createStop(): Stop {
  let isStopped = false
  let wake = () => {}
  const now = () => {
    isStopped = true
    wake()
  }
  for (const signal of SIGNALS) process.on(signal, now)
  return {
    get isStopped() {
      return isStopped
    },
    now,
    wait: (milliseconds) =>
      new Promise((resolve) => {
        if (isStopped) return resolve()
        const timer = setTimeout(resolve, milliseconds)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      }),
    close() {
      for (const signal of SIGNALS) process.off(signal, now)
    },
  }
}
