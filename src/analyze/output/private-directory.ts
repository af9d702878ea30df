import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeAtEnd } from './clean-up.js'

/** A directory that only this user can read. */
export interface PrivateDirectory {
  readonly path: string
  /** Removes it with everything in it. */
  remove(): void
}

/**
 * Makes a private directory in `$TMPDIR`. It is also removed if the process ends before `remove` is called, as by a signal.
 * @param prefix of its name
 * @throws the errors of `mkdtempSync`
 */
export function makePrivateDirectory(prefix: string): PrivateDirectory {
  // A signal before `removeAtEnd` ends the process at once: nothing may exist yet.
  let path: string | null = null
  const removeFiles = () => path !== null && rmSync(path, { recursive: true, force: true })
  const forget = removeAtEnd(removeFiles)
  try {
    path = mkdtempSync(join(tmpdir(), prefix))
  } catch (error) {
    forget()
    throw error
  }
  return {
    path,
    remove() {
      forget()
      removeFiles()
    },
  }
}
