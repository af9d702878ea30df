import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { PACKAGE_ROOT } from '../../package-root.js'
import type { DecodeTask } from './decode-chunks.js'

const PROGRAM = join(PACKAGE_ROOT, 'dist/decode-worker.js')
/** The thread that takes the rows is the limit of more. */
const MAX_WORKERS = 3
const MIN_ATTEMPTS = 500_000

/** How many workers there may be, and for which scans. */
export interface WorkerLimits {
  /** Threads beside this one: none where there is one CPU. */
  readonly count: number
  /** Attempts from which on a scan is worth the start of workers, some 30 ms. */
  readonly minAttempts: number
}

/** Threads that decode chunks beside this one. */
export interface DecodeWorkers extends WorkerLimits {
  /** Starts them, if they have not been started: there is something to do meanwhile. */
  start(): void
  /** Has them decode a scan, until its queue is closed. */
  decode(task: DecodeTask): void
  /** Ends them. */
  close(): void
}

/** @param limits by default as many as there are other CPUs, 3 at most */
export function createDecodeWorkers(limits: WorkerLimits = defaultLimits()): DecodeWorkers {
  let workers: Worker[] | null = null
  const start = () => (workers ??= Array.from({ length: limits.count }, startWorker))
  return {
    ...limits,
    start,
    decode(task) {
      for (const worker of start()) worker.postMessage(task, [])
    },
    close() {
      for (const worker of workers?.splice(0) ?? []) void worker.terminate()
    },
  }
}

function defaultLimits(): WorkerLimits {
  return { count: Math.min(MAX_WORKERS, availableParallelism() - 1), minAttempts: MIN_ATTEMPTS }
}

/** A worker that cannot start, or ends before its time, claims nothing: the scan goes on without it. */
function startWorker(): Worker {
  const worker = new Worker(PROGRAM)
  worker.on('error', () => {})
  worker.unref()
  return worker
}
