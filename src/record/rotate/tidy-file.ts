import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { TcpconnError, messageOf } from '../../errors.js'
import { openOutput } from '../session/open-output.js'
import type { KeptFile } from './choose-expired.js'
import type { FileNames } from './file-names.js'
import type { KnownFiles } from './known-files.js'
import { removeOwnFile, settleFile } from './own-file.js'

/** What a round over all files goes by. */
export interface Round {
  readonly names: FileNames
  readonly known: KnownFiles
  /** Says what could not be done, once. */
  readonly tellOnce: (text: string) => void
}

/**
 * Closes a file with a name of ours if its recorder was killed, and removes it if there is nothing in it. No lock is
 * waited for, but a reader of a file that is closed for 0.1 s.
 * @returns a closed file of this recording or one before, `null` for anything else
 */
export function tidyFile(round: Round, name: string): KeptFile | null {
  const path = join(round.names.directory, name)
  if (existsSync(`${path}-journal`)) {
    attempt(round, `cannot take back what was cut off in ${path}`, () => settleFile(round.names, name))
  }
  let file = round.known.look(name)
  if (file?.isStillborn) {
    removeFile(round, name)
    return null
  }
  if (file?.isUnclosed) {
    const what = `cannot close ${path}, which its recorder left open`
    attempt(round, what, () => openOutput(path, 'present', 0).close())
    // It has another size now, and another end.
    file = round.known.look(name)
  }
  return file && { name, bytes: file.bytes, endedMs: file.endedMs }
}

/** Removes a file, unless it is no longer ours. */
export function removeFile(round: Round, name: string): void {
  const what = `cannot remove ${join(round.names.directory, name)}, which is to be kept no longer`
  attempt(round, what, () => removeOwnFile(round.names, name))
}

function attempt({ tellOnce }: Round, what: string, body: () => void): void {
  try {
    body()
  } catch (error) {
    if (isNoFault(error) || isNoFault((error as Error).cause)) return
    tellOnce(`${what}: ${error instanceof TcpconnError ? error.reason : messageOf(error)}`)
  }
}

/** Somebody has the file just now, so that it is looked at again; or it is gone, or never was a trace. */
function isNoFault(error: unknown): boolean {
  const code = (error as { code?: string } | undefined)?.code ?? ''
  return /^(EWOULDBLOCK|E_BUSY_TRACE|SQLITE_BUSY\w*|ENOENT|E_NOT_SQLITE|E_NOT_A_TRACE)$/.test(code)
}
