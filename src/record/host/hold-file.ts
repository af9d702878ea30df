import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** uapi/asm-generic/fcntl.h; Node has no name for it. */
const O_PATH = 0o10000000

/** A regular file that a path led to, whatever the path leads to by now. */
export interface HeldFile {
  /** Leads to it as long as it is held */
  readonly path: string
  readonly inode: number
  close(): void
}

/**
 * Holds the regular file at a path without opening it: where somebody else has the say over the path, to open it could wait
 * for ever, as a FIFO makes one wait, or wake a device.
 * @returns `null` for what is no regular file, or not there
 */
export function holdFile(path: string): HeldFile | null {
  try {
    const fd = openSync(path, O_PATH)
    const stats = fstatSync(fd)
    if (stats.isFile()) return { path: `/proc/self/fd/${fd}`, inode: stats.ino, close: () => closeSync(fd) }
    closeSync(fd)
  } catch {
    // It is gone by now.
  }
  return null
}

/** Bytes of a file that is held; fewer where it ends, none where it cannot be read. */
export function readPart(file: HeldFile, from: number, sizeBytes: number): Uint8Array {
  try {
    const fd = openSync(file.path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const bytes = new Uint8Array(sizeBytes)
      return bytes.subarray(0, readSync(fd, bytes, 0, sizeBytes, from))
    } finally {
      closeSync(fd)
    }
  } catch {
    return new Uint8Array()
  }
}
