import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ExportTarget } from './file-target.js'

/** Attempts come about in the order of time: few days are written at once. */
const MAX_OPEN = 4
/** As private as the files in it. */
export const DIRECTORY_MODE = 0o700

/** The files of a data set, of which only a few are open at once. */
export interface OpenParts {
  /** The file that rows of a partition go to: the one that is open, or a new part. */
  targetOf(name: string): Promise<ExportTarget>
  finish(): Promise<void>
  abort(): void
}

/** @param open opens a new file */
export function createOpenParts(directory: string, open: (path: string) => ExportTarget): OpenParts {
  const targets = new Map<string, ExportTarget>()
  const counts = new Map<string, number>()
  const finishOldest = async () => {
    for (const [name, target] of targets) {
      targets.delete(name)
      return target.finish()
    }
  }
  const openPart = (name: string) => {
    const number = counts.get(name) ?? 0
    counts.set(name, number + 1)
    const inside = join(directory, name)
    mkdirSync(inside, { recursive: true, mode: DIRECTORY_MODE })
    return open(join(inside, `part-${number}.parquet`))
  }
  return {
    async targetOf(name) {
      const known = targets.get(name)
      // The one that was used last is the last to be closed.
      targets.delete(name)
      if (targets.size >= MAX_OPEN) await finishOldest()
      const target = known ?? openPart(name)
      targets.set(name, target)
      return target
    },
    async finish() {
      while (targets.size > 0) await finishOldest()
    },
    abort() {
      for (const target of targets.values()) target.abort()
    },
  }
}
