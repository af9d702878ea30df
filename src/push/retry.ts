import { TcpconnError } from '../base/errors.js'
import { REFUSED_CODE, TEMPORARY_CODES } from '../clickhouse/server-fault.js'
import { formatSpan } from '../text/format-duration.js'
import { safeLine } from '../text/safe-text.js'

/** Longest pause between two tries */
export const MAX_PAUSE_MS = 300_000
const FIRST_PAUSE_MS = 1000

/** The push was stopped while the server was away. */
export class Stopped extends Error {}

export interface PushRetryOptions {
  /** Resolves after some ms, or earlier when the push is stopped. */
  readonly wait: (milliseconds: number) => Promise<void>
  readonly isStopping: () => boolean
  readonly report: (line: string) => void
  /** Unknown errors of the server are temporary too, with the longest pause */
  readonly isPatient?: boolean
  readonly random?: () => number
  readonly now?: () => number
}

/**
 * Repeats a request while the server cannot be reached or has too much to do. Pauses double up to five minutes; a random part keeps
 * hosts from returning all at once. Reports the first failure, and the first success after it.
 * @throws Stopped, and other errors of the request
 */
export function createRetry({
  wait,
  isStopping,
  report,
  isPatient = false,
  random = Math.random,
  now = Date.now,
}: PushRetryOptions) {
  return async <T>(run: () => Promise<T>): Promise<T> => {
    let sinceMs: number | null = null
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2)) {
      try {
        const result = await run()
        if (sinceMs !== null) report(`the server answers again after ${formatSpan((now() - sinceMs) * 1e6)}`)
        return result
      } catch (error) {
        if (!(error instanceof TcpconnError)) throw error
        if (isPatient && error.code === REFUSED_CODE) pauseMs = MAX_PAUSE_MS
        else if (!TEMPORARY_CODES.includes(error.code)) throw error
        if (sinceMs === null) report(safeLine(`${error.message}: ${error.reason}; push tries again [${error.code}]`))
        sinceMs ??= now()
      }
      if (!isStopping()) await wait(pauseMs * (0.5 + random() / 2))
      if (isStopping()) throw new Stopped()
    }
  }
}

/** A random part of an interval before the first round, and 80% to 120% of it after the others: hosts started at once spread out. */
export function spreadInterval(intervalMs: number, isFirst: boolean, random = Math.random): number {
  return intervalMs * (isFirst ? random() : 1 + 0.4 * (random() - 0.5))
}
