import { closeSync, constants, fstatSync, lstatSync, opendirSync, readSync, type Stats } from 'node:fs'
import { encodeBytes } from '../../attempt/byte-text.js'
import { openAt, RESOLVE } from '../native/libc.js'

/** uapi/asm-generic/fcntl.h; Node.js does not define it. */
const O_PATH = 0o10000000
/** Limit of bytes read of a file, unless another is given. */
export const MAX_FILE_BYTES = 256 * 1024
/** Limit of entries read of a directory. */
const MAX_ENTRIES = 16_384

/** Longer than the resolution of times of files, and than a write takes. */
const SETTLED_MS = 1000

/** No link leads out of the directory or into another mount, like one of a user's own file system (FUSE). */
const BENEATH = RESOLVE.beneath | RESOLVE.no_symlinks | RESOLVE.no_magiclinks | RESOLVE.no_xdev
/** Never waits: for a writer of a FIFO, for a carrier, or for the owner of a lease. */
const NEVER_WAITS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY

/** A directory of a runtime. Everything is read below it, and no file outside of it. */
export interface Directory {
  /** Owner of the directory */
  readonly uid: number
  /**
   * A regular file, at most `MAX_FILE_BYTES` of it.
   * @param part which part of a larger file
   * @returns `null` if it is missing, unreadable or not a regular file; of a larger file with `whole`, too
   */
  read(path: string, part?: 'whole' | 'end'): Buffer | null
  /**
   * Reads a file, as `read` does, unless it is the same as before.
   * @param known stamp of the content that is known, `null` for none
   * @param maxBytes the default is `MAX_FILE_BYTES`
   */
  readChanged(path: string, known: string | null, maxBytes?: number): ChangedFile | 'same' | 'too large' | null
  /** Names in a directory, at most `MAX_ENTRIES`; empty if it is missing. */
  list(path?: string): string[]
  /**
   * Equal as long as no name was added or removed; `null`: one was a moment ago, and more may be without a difference in
   * time.
   */
  stamp(): string | null
  close(): void
}

/** A file that may change. */
export interface ChangedFile {
  readonly content: Buffer
  /** Equal for equal contents; `null`: it changed a moment ago, and may change again without a difference in time */
  readonly stamp: string | null
}

/**
 * Opens a directory below the host's root. Links on the way to it stay below that root: administrators move
 * /var/lib/docker by a link.
 * @param root descriptor of the host's root directory
 * @returns `null` if it is missing or inaccessible
 */
export function openDirectory(root: number, path: string): Directory | null {
  const flags = O_PATH | constants.O_DIRECTORY
  const fd = openAt(root, encodeBytes(path), flags, RESOLVE.in_root | RESOLVE.no_magiclinks)
  if (fd < 0) return null
  const uid = ownerOf(fd)
  if (uid === null) {
    closeSync(fd)
    return null
  }
  return {
    uid,
    read: (file, part = 'whole') => readFile(fd, file, (open, size) => readPart(open, size, part)),
    readChanged: (file, known, maxBytes = MAX_FILE_BYTES) =>
      // Most files are the same each time. Their times are read without opening them: a link there shows nothing else.
      known !== null && stampOf(lstatSync(`/proc/self/fd/${fd}/${file}`, { throwIfNoEntry: false })) === known
        ? 'same'
        : readFile(fd, file, (open, size) => (size > maxBytes ? 'too large' : readUnlessSame(open, size, known))),
    list: (directory = '.') => listNames(fd, directory),
    stamp: () => readStamp(fd).settled,
    close: () => closeSync(fd),
  }
}

/** Whether there is a directory below another one, on the same mount. */
export function hasDirectory(root: number, path: string): boolean {
  const fd = openAt(root, encodeBytes(path), O_PATH | constants.O_DIRECTORY, BENEATH)
  if (fd >= 0) closeSync(fd)
  return fd >= 0
}

/** @returns `null` if a file system refuses to tell, as a user's own (FUSE) may */
function ownerOf(fd: number): number | null {
  try {
    return fstatSync(fd).uid
  } catch {
    return null
  }
}

function readFile<Content>(
  directory: number,
  path: string,
  readOpen: (fd: number, size: number) => Content | null,
): Content | null {
  const fd = openAt(directory, encodeBytes(path), NEVER_WAITS | constants.O_NOFOLLOW, BENEATH)
  if (fd < 0) return null
  try {
    const stats = fstatSync(fd)
    return stats.isFile() ? readOpen(fd, stats.size) : null
  } catch {
    return null
  } finally {
    closeSync(fd)
  }
}

function readPart(fd: number, size: number, part: 'whole' | 'end'): Buffer | null {
  const from = Math.max(0, size - MAX_FILE_BYTES)
  return from > 0 && part === 'whole' ? null : readFrom(fd, from, Math.min(size, MAX_FILE_BYTES))
}

function readUnlessSame(fd: number, size: number, known: string | null): ChangedFile | 'same' {
  const { stamp, settled } = readStamp(fd)
  return stamp === known ? 'same' : { content: readFrom(fd, 0, size), stamp: settled }
}

/** `settled`: the stamp of a file or directory; `null` if it changed a moment ago */
function readStamp(fd: number): { stamp: string; settled: string | null } {
  const stats = fstatSync(fd)
  const stamp = stampOf(stats)
  return { stamp, settled: Date.now() - stats.ctimeMs > SETTLED_MS ? stamp : null }
}

/** Differs after a change, unless changes follow each other too fast. */
function stampOf(stats: Stats): string
function stampOf(stats: Stats | undefined): string | null
function stampOf(stats: Stats | undefined): string | null {
  return stats === undefined ? null : `${stats.ino} ${stats.ctimeMs}`
}

function readFrom(fd: number, from: number, size: number): Buffer {
  const buffer = Buffer.alloc(size)
  let length = 0
  while (length < size) {
    const count = readSync(fd, buffer, length, size - length, from + length)
    if (count === 0) break
    length += count
  }
  return buffer.subarray(0, length)
}

function listNames(directory: number, path: string): string[] {
  const fd = openAt(directory, encodeBytes(path), O_PATH | constants.O_DIRECTORY, BENEATH)
  if (fd < 0) return []
  try {
    const entries = opendirSync(`/proc/self/fd/${fd}`)
    try {
      const names: string[] = []
      for (let i = 0; i < MAX_ENTRIES; i++) {
        const entry = entries.readSync()
        if (entry === null) break
        names.push(entry.name)
      }
      return names
    } finally {
      entries.closeSync()
    }
  } catch {
    return []
  } finally {
    closeSync(fd)
  }
}
