import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { RawScope } from '../options/select-scope.js'
import { makePrivateDirectory } from '../output/private-directory.js'
import { parseTreatment, type RawTreatment } from './fields.js'
import { createShareKey, KEY_BYTES } from './keyed/share-key.js'
import { createPseudonyms } from './pseudonyms.js'
import { writeSharedTrace } from './write-shared-trace.js'

/** Options of a share, as typed. */
export interface TemporaryShare extends RawScope, RawTreatment {
  /** The key of several shares, which is never written; one that is used once by default */
  readonly secret?: Buffer
}

/**
 * Runs `body` with a shared trace of some files, and removes it, also when a signal ends the process: for output with pseudonyms.
 * The trace holds what the options choose, all of which `body` has to read (`session: 'all'`).
 * @param body gets the path of the shared trace
 * @throws as `writeSharedTrace`
 */
export async function withSharedTrace<T>(
  files: readonly string[],
  options: TemporaryShare,
  body: (path: string) => T | Promise<T>,
): Promise<T> {
  const { secret = randomBytes(KEY_BYTES) } = options
  const pseudonyms = createPseudonyms(createShareKey(secret), parseTreatment(options))
  const directory = makePrivateDirectory('tcpconn-share-')
  try {
    const path = join(directory.path, 'shared.db')
    const keep = await writeSharedTrace({ files, options, pseudonyms: () => pseudonyms, path, typed: path })
    try {
      return await body(path)
    } finally {
      keep()
    }
  } finally {
    directory.remove()
  }
}
