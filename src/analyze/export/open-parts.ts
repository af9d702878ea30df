import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import type { ExportTarget } from './file-target.js'
import type { AttemptRows } from './rows/attempt-rows.js'

/** Attempts come about in the order of time: few days are written at once. */
const MAX_OPEN = 4
/** As private as the files in it. */
export const DIRECTORY_MODE = 0o700

/** The files of a data set, of which only a few are open at once. */
export interface OpenParts {
  /**
   * Adds attempts of one session to the file of a partition: the one that is open, or a new one.
   * @param directory of the partition
   */
  add(directory: string, session: string, rows: AttemptRows): Promise<void>
  finish(): Promise<void>
  abort(): void
}

/** A file of one session in one partition. */
interface Part {
  readonly target: ExportTarget
  readonly path: string
  /** Name without its end, with the first id */
  readonly name: string
  lastId: number
}

/**
 * Files are named after what they hold, `SESSION-FIRST-LAST.parquet` with the ids of attempts: files of other sessions, hosts and
 * times have other names, and may lie in the same directory.
 * @param open opens a new file
 */
export function createOpenParts(root: string, open: (path: string) => ExportTarget): OpenParts {
  const parts = new Map<string, Part>()
  const finishOldest = async () => {
    for (const [key, { target, path, name, lastId }] of parts) {
      parts.delete(key)
      await target.finish()
      return renameSync(path, `${name}-${lastId}.parquet`)
    }
  }
  const openPart = (directory: string, session: string, firstId: number): Part => {
    const inside = join(root, directory)
    mkdirSync(inside, { recursive: true, mode: DIRECTORY_MODE })
    const name = join(inside, `${session}-${firstId}`)
    const path = `${name}.parquet`
    return { target: open(path), path, name, lastId: firstId }
  }
  return {
    async add(directory, session, rows) {
      const key = `${session} ${directory}`
      const known = parts.get(key)
      // The one that was used last is the last to be closed.
      parts.delete(key)
      if (parts.size >= MAX_OPEN) await finishOldest()
      const part = known ?? openPart(directory, session, rows.attemptId[0] as number)
      parts.set(key, part)
      part.lastId = rows.attemptId[rows.count - 1] as number
      await part.target.add(rows)
    },
    async finish() {
      while (parts.size > 0) await finishOldest()
    },
    abort() {
      for (const { target } of parts.values()) target.abort()
    },
  }
}
