import { killProcess, type ReaderProcess } from './reader-process.js'

/** Pauses before a reader that ended is replaced. After the last one, it is not. */
const PAUSES_MS = [500, 2000, 8000, 30_000, 120_000]

/** The processes that read names, one after the other. */
export interface ReaderSupply {
  /** @returns `null` if it could not be started */
  take(): ReaderProcess | null
  /** Time to wait before the next reader is taken; `null`: no reader is left */
  pauseMs(): number | null
  close(): void
}

/**
 * Under sudo, the recorder cannot start a privileged process later. One waits from the beginning.
 * @param start `isSpare`: it waits until it gets its first line
 * @param staysPrivileged whether the recorder can start more at any time
 */
export function createReaderSupply(
  start: (isSpare: boolean) => ReaderProcess | null,
  staysPrivileged: boolean,
): ReaderSupply {
  const first = start(false)
  const waiting = first === null ? [] : [first]
  const spare = first === null || staysPrivileged ? null : start(true)
  if (spare !== null) waiting.push(spare)
  let pauses = 0
  return {
    take: () => waiting.shift() ?? (staysPrivileged && pauses > 0 ? start(false) : null),
    pauseMs: () => (staysPrivileged || waiting.length > 0 ? (PAUSES_MS[pauses++] ?? null) : null),
    close: () => waiting.forEach(killProcess),
  }
}
