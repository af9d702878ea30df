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
import { UsageError } from '../../errors.js'
import { removeAtEnd } from './clean-up.js'
import { outputExists, outputFault } from './output-faults.js'
import { writeAside } from './write-aside.js'

/** As private as the trace, which record makes 0600 too: it says who connected where. */
const MODE = 0o600

/** A file that has its name only once it is whole. Until `commit`, an error or a signal leaves nothing behind. */
export interface OutputFile {
  /** Texts are written in UTF-8. @throws E_DISK_FULL, E_WRITE; what was written is removed then */
  write(bytes: Uint8Array | string): void
  /**
   * Writes one after the other, on another thread: the bytes must not change before it resolves, and nothing else be
   * written.
   * @throws as `write`
   */
  writeAside(parts: readonly Uint8Array[]): Promise<void>
  /** Gives the file its name. @throws E_EXISTS when somebody else took it meanwhile */
  commit(): void
  /** Removes what was written. Does nothing after `commit`. */
  abort(): void
}

/**
 * Opens a file for output under a temporary name in the same directory. What is no regular file (`/dev/null`, a FIFO) is
 * written as it is.
 * @param typed what errors call it, where it is part of something that has its name only when it is whole
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
 * Finds out what would keep a file from being opened later, without making anything.
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

/** A name beside `path` that only this process uses. */
export function temporaryNameOf(path: string): string {
  return join(dirname(path), `.${basename(path).slice(0, 200)}.${process.pid}.tmp`)
}

/** @throws E_EXISTS, also for a symbolic link that leads nowhere */
export function requireNoName(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })) throw outputExists(path)
}

function isDevice(path: string): boolean {
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

/** A link never replaces a file that came meanwhile, as a rename would; some file systems have none. */
function giveName(temporary: string, path: string): void {
  try {
    linkSync(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error
    requireNoName(path)
    return renameSync(temporary, path)
  }
  rmSync(temporary, { force: true })
}
