import { TcpconnError, messageOf } from '../../base/errors.js'
import { openOutputFile } from './open-output-file.js'
import { writeAside } from './write-async.js'

const STDOUT = 1

/** The reader of stdout has exited, like `| head`. Not an error. */
export class ReaderGone extends Error {}

/** An output for large data: writes parts while the next ones are created. */
export interface Sink {
  /**
   * Waits for the previous write, then writes these parts on another thread. They must not change before the next call resolves.
   * @throws ReaderGone, E_STDOUT, errors of `OutputFile.write`
   */
  write(parts: readonly Uint8Array[]): Promise<void>
  /** Waits for all writes, and gives a file its name. */
  finish(): Promise<void>
  /** Removes the file. Does nothing after `finish`. */
  abort(): void
}

/**
 * @param path a new file; `null`: stdout
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
      // Reported at the next call.
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
      reason: `the file or device behind stdout accepts no more data: ${messageOf(cause)}`,
      hint: 'free some space, or send the output elsewhere',
      cause,
    })
  }
}
