import { readFileSync, readdirSync } from 'node:fs'
import { onTestFinished } from 'vitest'

const SAMPLE_MS = 20

/** How long processes have waited for a CPU, each by its thread that waited longest: Documentation/scheduler/sched-stats.rst. */
export interface RunDelay {
  /** Of the last `windowMs`. */
  lastMs(windowMs: number): number
}

/** Looks from now on until the test ends, or until the processes have ended. */
export function watchRunDelay(pids: readonly number[]): RunDelay {
  const samples = [{ atMs: performance.now(), delayMs: readDelayMs(pids) }]
  const timer = setInterval(() => samples.push({ atMs: performance.now(), delayMs: readDelayMs(pids) }), SAMPLE_MS)
  onTestFinished(() => clearInterval(timer))
  return {
    lastMs(windowMs) {
      clearInterval(timer)
      const since = samples.find(({ atMs }) => atMs >= performance.now() - windowMs) ?? samples.at(-1)
      return Math.max(0, readDelayMs(pids) - (since?.delayMs ?? 0))
    },
  }
}

function readDelayMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + readProcessDelayMs(pid), 0)
}

function readProcessDelayMs(pid: number): number {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`)
    return Math.max(...tasks.map((tid) => readThreadDelayMs(`/proc/${pid}/task/${tid}/schedstat`)))
  } catch {
    return 0
  }
}

function readThreadDelayMs(path: string): number {
  return Number(readFileSync(path, 'utf8').split(' ')[1]) / 1e6
}
