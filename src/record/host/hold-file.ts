import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** uapi/asm-generic/fcntl.h; Node.js does not define it. */
const O_PATH = 0o10000000

/** A reference to a regular file, independent of later changes of its path. */
export interface HeldFile {
  /** Leads to the file until `close` */
  readonly path: string
  readonly inode: number
  close(): void
}

/**
 * References the regular file at a path without opening it for reading: if another user controls the path, opening it
 * could block forever, as for a FIFO, or activate a device.
 * @returns `null` if the file is missing or not regular
 */
export function holdFile(path: string): HeldFile | null {
  try {
    const fd = openSync(path, O_PATH)
    const stats = fstatSync(fd)
    if (stats.isFile()) return { path: `/proc/self/fd/${fd}`, inode: stats.ino, close: () => closeSync(fd) }
    closeSync(fd)
  } catch {
    // It no longer exists.
  }
  return null
}

/** Bytes of a held file; fewer at its end, none if it is unreadable. */
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
