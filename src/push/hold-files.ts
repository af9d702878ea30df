import { closeSync, openSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { flock, LOCK_NOW } from '../record/native/libc.js'
import { openTrace } from '../store/open-trace.js'
import { isWalFile } from '../store/wal-mode.js'

/** Below this share of free space, `--keep` comes first. */
const LEAST_FREE = 0.1

/**
 * Holds files of a rotation that were not pushed yet. `record --keep` does not remove a file that another process has locked: that is all
 * the two programs know of each other. Holds end with the process.
 */
export interface FileHolds {
  /**
   * Takes or gives up holds, by the space that is left.
   * @param current file that is being read: closing a descriptor of it would release the locks of SQLite
   */
  refresh(files: readonly string[], current: string | null): void
  /** The server has all of a file, or refuses it: it is not held again while it does not change. */
  release(file: string): void
}

/** @param freeShare of the file system of a file, from 0 to 1 */
export function createFileHolds(freeShare: (file: string) => number = readFreeShare): FileHolds {
  const held = new Map<string, number>()
  /** Marks of files that are released, or are of no rotation. */
  const passed = new Map<string, string>()
  const release = (file: string) => {
    const fd = held.get(file)
    if (fd !== undefined) closeSync(fd)
    held.delete(file)
  }
  const hold = (file: string) => {
    const mark = markOf(file)
    if (held.has(file) || mark === null || passed.get(file) === mark || isWalFile(file)) return
    if (!isOfRotation(file)) return void passed.set(file, mark)
    const fd = openSync(file, 'r')
    if (flock(fd, LOCK_NOW.shared) === 0) held.set(file, fd)
    else closeSync(fd)
  }
  return {
    release(file) {
      release(file)
      const mark = markOf(file)
      if (mark !== null) passed.set(file, mark)
    },
    refresh(files, current) {
      for (const file of held.keys()) if (!files.includes(file) && file !== current) release(file)
      for (const file of passed.keys()) if (!files.includes(file)) passed.delete(file)
      for (const file of files) {
        if (file === current) continue
        try {
          if (freeShare(file) < LEAST_FREE) release(file)
          else hold(file)
        } catch {
          // It is gone, or cannot be read: pushing it reports the reason.
        }
      }
    },
  }
}

function readFreeShare(file: string): number {
  const { bavail, blocks } = statfsSync(dirname(file))
  return blocks === 0 ? 1 : bavail / blocks
}

/** Other traces may be recorded into again, which a hold would prevent. */
function isOfRotation(file: string): boolean {
  const db = openTrace(file, 0)
  try {
    const find = db.prepare('SELECT rotation_base FROM session ORDER BY session_id DESC LIMIT 1').pluck()
    return typeof find.get() === 'string'
  } finally {
    db.close()
  }
}

/** Changes with the file; `null`: there is no file. */
function markOf(file: string): string | null {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true })
  return stat === undefined ? null : `${stat.dev} ${stat.ino} ${stat.ctimeNs}`
}
