import { closeSync, openSync, readSync } from 'node:fs'

/**
 * Whether an SQLite file is in WAL mode: while it is recorded, or after an unclean shutdown. Reads the "file format
 * read version": https://www.sqlite.org/fileformat2.html#the_database_header
 */
export function isInWalMode(fd: number): boolean {
  const byte = Buffer.alloc(1)
  readSync(fd, byte, 0, 1, 19)
  return byte[0] === 2
}

/** The same for a path; `false` if it is unreadable. */
export function isWalFile(path: string): boolean {
  try {
    const fd = openSync(path, 'r')
    try {
      return isInWalMode(fd)
    } finally {
      closeSync(fd)
    }
  } catch {
    return false
  }
}
