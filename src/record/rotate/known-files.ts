import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import type { FileNames } from './file-names.js'
import { findOwnFile, type OwnFile } from './own-file.js'

/** Files that were looked at before: what did not change is not opened again. */
export interface KnownFiles {
  /** As `findOwnFile`; `null` too for what cannot be looked into now, which is tried again at the next call. */
  look(name: string): OwnFile | null
  keepOnly(names: readonly string[]): void
}

export function createKnownFiles(names: FileNames): KnownFiles {
  const known = new Map<string, { readonly mark: string; readonly file: OwnFile | null }>()
  return {
    look(name) {
      const stat = lstatSync(join(names.directory, name), { throwIfNoEntry: false, bigint: true })
      const mark = `${stat?.dev} ${stat?.ino} ${stat?.ctimeNs}`
      const before = known.get(name)
      if (before?.mark === mark && !before.file?.isUnclosed) return before.file
      known.delete(name)
      try {
        const file = findOwnFile(names, name)
        known.set(name, { mark, file })
        return file
      } catch {
        return null
      }
    },
    keepOnly(candidates) {
      const present = new Set(candidates)
      for (const name of known.keys()) if (!present.has(name)) known.delete(name)
    },
  }
}
