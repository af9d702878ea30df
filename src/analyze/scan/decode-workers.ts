import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { PACKAGE_ROOT } from '../../base/package.js'
import type { DecodeTask } from './decode-chunks.js'
import { createSharedRows, type SharedRows } from './shared-rows.js'

const PROGRAM = join(PACKAGE_ROOT, 'dist/decode-worker.js')
/** More workers are not faster: the main thread is then the bottleneck. */
const MAX_WORKERS = 3
const MIN_ATTEMPTS = 500_000

/** Limits of the use of worker threads. */
export interface WorkerLimits {
  /** Number of worker threads; 0 on one CPU */
  readonly count: number
  /** Number of attempts from which workers save more than the 30 ms that their start takes */
  readonly minAttempts: number
}

/** Worker threads that decode chunks. */
export interface DecodeWorkers extends WorkerLimits {
  /** What a scan shares with the workers */
  readonly rows: SharedRows
  /** Starts the workers if they are not running, while the caller does other work. */
  start(): void
  /** Lets the workers decode a scan until its queue is closed. */
  decode(task: DecodeTask): void
  /** Ends the workers. */
  close(): void
}

/** @param limits default: one worker per other CPU, at most 3 */
export function createDecodeWorkers(limits: WorkerLimits = defaultLimits()): DecodeWorkers {
  let workers: Worker[] | null = null
  const start = () => (workers ??= Array.from({ length: limits.count }, startWorker))
  return {
    ...limits,
    rows: createSharedRows(),
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

/** A worker that does not start or ends early claims no chunks: the scan continues without it. */
function startWorker(): Worker {
  const worker = new Worker(PROGRAM)
  worker.on('error', () => {})
  worker.unref()
  return worker
}
