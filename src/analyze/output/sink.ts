import { TcpconnError, messageOf } from '../../errors.js'
import { openOutputFile } from './open-output-file.js'
import { writeAside } from './write-aside.js'

const STDOUT = 1

/** Whoever read stdout has gone, as `| head` does. No error: there is nobody left to write for. */
export class ReaderGone extends Error {}

/** Where many bytes go, in pieces that are written while the next ones are made. */
export interface Sink {
  /**
   * Waits for what is still being written, then writes these parts on another thread. They must not change before the next
   * call resolves.
   * @throws ReaderGone, E_STDOUT, and the errors of `OutputFile.write`
   */
  write(parts: readonly Uint8Array[]): Promise<void>
  /** Waits for all of it, and gives a file its name. */
  finish(): Promise<void>
  /** Leaves no file behind. After `finish` it does nothing. */
  abort(): void
}

/**
 * @param path a new file, `null` for stdout
 * @param typed as for `openOutputFile`
 */
export function openSink(path: string | null, typed?: string): Sink {
  if (path === null) return createSink({ writeAside: writeToStdout, commit() {}, abort() {} })
  return createSink(openOutputFile(path, typed))
}

function createSink(target: {
  writeAside(parts: readonly Uint8Array[]): Promise<void>
  commit(): void
  abort(): void
}): Sink {
  let pending: Promise<void> = Promise.resolve()
  return {
    async write(parts) {
      await pending
      pending = target.writeAside(parts)
      // Told at the next call.
      pending.catch(() => {})
    },
    async finish() {
      await pending
      target.commit()
    },
    abort: target.abort,
  }
}

async function writeToStdout(parts: readonly Uint8Array[]): Promise<void> {
  try {
    for (const bytes of parts) await writeAside(STDOUT, bytes)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EPIPE') throw new ReaderGone()
    throw new TcpconnError('E_STDOUT', {
      what: 'cannot write to stdout',
      reason: `the file or device that stdout goes to took no more: ${messageOf(cause)}`,
      hint: 'free some space, or send the output elsewhere',
      cause,
    })
  }
}
