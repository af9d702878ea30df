import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ExportTarget } from './file-target.js'
import type { PartName } from './parts/part-name.js'
import type { AttemptRows } from './rows/attempt-rows.js'

/** Attempts are roughly in the order of time, so few days are written at once. */
const MAX_OPEN = 4
/** As private as its files. */
export const DIRECTORY_MODE = 0o700

/** The files of a data set. Only a few are open at once. */
export interface OpenParts {
  /**
   * Adds attempts of one session to the open file of a partition, or to a new one.
   * @param directory of the partition
   */
  add(directory: string, name: PartName, rows: AttemptRows): Promise<void>
  finish(): Promise<void>
  abort(): void
}

/** A file of one session in one partition. */
interface Part {
  readonly target: ExportTarget
  readonly path: string
  /** The name of the complete file in the data set */
  readonly finalName: (lastId: number) => string
  lastId: number
}

/** How files are written. */
export interface PartFiles {
  /** Opens a new file */
  open(path: string): ExportTarget
  /** Gives a complete file its place. @param name in the data set, with the directories of its partition */
  place(path: string, name: string): Promise<void>
}

/** @param root directory for files that are being written */
export function createOpenParts(root: string, { open, place }: PartFiles): OpenParts {
  const parts = new Map<string, Part>()
  const finishOldest = async () => {
    for (const [key, { target, path, finalName, lastId }] of parts) {
      parts.delete(key)
      await target.finish()
      return place(path, finalName(lastId))
    }
  }
  const openPart = (directory: string, name: PartName, firstId: number): Part => {
    const inside = join(root, directory)
    mkdirSync(inside, { recursive: true, mode: DIRECTORY_MODE })
    const path = join(inside, name.file(firstId, null))
    const finalName = (lastId: number) => join(directory, name.file(firstId, lastId))
    return { target: open(path), path, finalName, lastId: firstId }
  }
  return {
    async add(directory, name, rows) {
      const key = `${name.session} ${directory}`
      const known = parts.get(key)
      // The most recently used file is closed last.
      parts.delete(key)
      if (parts.size >= MAX_OPEN) await finishOldest()
      const part = known ?? openPart(directory, name, rows.attemptId[0] as number)
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
