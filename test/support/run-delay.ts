import { readFileSync } from 'node:fs'
import { onTestFinished } from 'vitest'

const SAMPLE_MS = 20

/** How long the main thread of a process has waited for a CPU while it could have run: Documentation/scheduler/sched-stats.rst. */
export function readRunDelayMs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6
}

/** How the waiting of a process is spread over time. */
export interface RunDelay {
  /** Takes the last look, while the process is still there. */
  end(): void
  /** What it waited between two moments of `Date.now()`, and between them and the looks around them. */
  betweenMs(fromMs: number, toMs: number): number
}

/** Looks from now on until `end`, or until the test ends. */
export function watchRunDelay(pid: number): RunDelay {
  const samples: { atMs: number; delayMs: number }[] = []
  const look = () => void samples.push({ atMs: Date.now(), delayMs: readRunDelayMs(pid) })
  look()
  const timer = setInterval(look, SAMPLE_MS)
  onTestFinished(() => clearInterval(timer))
  return {
    end() {
      clearInterval(timer)
      look()
    },
    betweenMs(fromMs, toMs) {
      const before = samples.findLast(({ atMs }) => atMs <= fromMs) ?? samples[0]
      const after = samples.find(({ atMs }) => atMs >= toMs) ?? samples.at(-1)
      return (after?.delayMs ?? 0) - (before?.delayMs ?? 0)
    },
  }
}
