import {
  accessSync,
  closeSync,
  constants,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { UsageError } from '../../base/errors.js'
import { removeAtEnd } from './clean-up.js'
import { outputExists, outputFault } from './output-faults.js'
import { writeAside } from './write-async.js'

/** As private as the trace, which record also creates with mode 0600. */
const MODE = 0o600

/** A file that gets its name when it is complete. Until `commit`, an error or a signal removes it. */
export interface OutputFile {
  /** Writes texts as UTF-8. @throws E_DISK_FULL, E_WRITE; the file is then removed */
  write(bytes: Uint8Array | string): void
  /**
   * Writes on another thread. Until it resolves, the bytes must not change, and nothing else may be written.
   * @throws as `write`
   */
  writeAside(parts: readonly Uint8Array[]): Promise<void>
  /** Gives the file its name. @throws E_EXISTS if the name was taken meanwhile */
  commit(): void
  /** Removes the file. Does nothing after `commit`. */
  abort(): void
}

/**
 * Opens a file for output under a temporary name in the same directory. Writes directly to `/dev/null`, a FIFO or another file that
 * is not regular.
 * @param typed the name in errors, if the file is a part of a larger output
 * @throws E_EXISTS, E_CANNOT_OPEN, E_DISK_FULL
 */
export function openOutputFile(path: string, typed = path): OutputFile {
  try {
    if (isDevice(path)) return createOutput({ path, typed, fd: openSync(path, 'w'), temporary: null })
    requireNoName(path)
    const temporary = temporaryNameOf(path)
    return createOutput({ path, typed, fd: openSync(temporary, 'wx', MODE), temporary })
  } catch (cause) {
    throw outputFault(typed, cause)
  }
}

/**
 * Checks whether a file can be opened later, without creating it.
 * @throws UsageError, E_EXISTS, E_CANNOT_OPEN
 */
export function requireNewOutput(path: string): void {
  if (path === '') throw new UsageError('--output', path, 'the name of a new file, or - for stdout')
  try {
    if (isDevice(path)) return
    requireNoName(path)
    accessSync(`${dirname(path)}/.`, constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw outputFault(path, cause)
  }
}

/** A name in the directory of `path` that only this process uses. */
export function temporaryNameOf(path: string): string {
  return join(dirname(path), `.${basename(path).slice(0, 200)}.${process.pid}.tmp`)
}

/** @throws E_EXISTS, also for a dangling symbolic link */
export function requireNoName(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })) throw outputExists(path)
}

/** Whether a path names a FIFO, `/dev/null`, or another file that is not regular. */
export function isDevice(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat !== undefined && !stat.isFile() && !stat.isDirectory()
}

interface OpenOutput {
  readonly path: string
  readonly typed: string
  readonly fd: number
  readonly temporary: string | null
}

function createOutput({ path, typed, fd, temporary }: OpenOutput): OutputFile {
  let isOpen = true
  const close = () => {
    if (isOpen) closeSync(fd)
    isOpen = false
  }
  const remove = () => {
    close()
    if (temporary !== null) rmSync(temporary, { force: true })
  }
  const forget = removeAtEnd(remove)
  const abort = () => {
    if (!isOpen) return
    forget()
    remove()
  }
  const fail = (cause: unknown) => {
    abort()
    return outputFault(typed, cause)
  }
  return {
    write(bytes) {
      try {
        writeAll(fd, typeof bytes === 'string' ? Buffer.from(bytes) : bytes)
      } catch (cause) {
        throw fail(cause)
      }
    },
    async writeAside(parts) {
      try {
        for (const bytes of parts) await writeAside(fd, bytes)
      } catch (cause) {
        throw fail(cause)
      }
    },
    commit() {
      try {
        close()
        if (temporary !== null) giveName(temporary, path)
        forget()
      } catch (cause) {
        forget()
        remove()
        throw outputFault(typed, cause)
      }
    },
    abort,
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
}

/** Unlike rename, link never replaces a new file. Some file systems do not support it. */
export function giveName(temporary: string, path: string): void {
  try {
    linkSync(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error
    requireNoName(path)
    return renameSync(temporary, path)
  }
  rmSync(temporary, { force: true })
}
