import { write } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

/** Delay before a write to a slow reader is retried. */
const FULL_PIPE_MS = 2

/**
 * Writes all of `bytes` on another thread. Retries if a non-blocking pipe is full.
 * @throws errors of the system
 */
export async function writeAside(fd: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const written = await writeSome(fd, bytes, at)
    at += written
    if (written === 0) await setTimeout(FULL_PIPE_MS)
  }
}

function writeSome(fd: number, bytes: Uint8Array, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, at, bytes.length - at, null, (error, written) => {
      if (error === null) resolve(written)
      else if (error.code === 'EAGAIN') resolve(0)
      else reject(error)
    })
  })
}
