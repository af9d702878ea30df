import { join } from 'node:path'
import { createShareKey } from '../../../src/analyze/share/keyed/share-key.js'
import { parseTreatment, type RawTreatment } from '../../../src/analyze/share/fields.js'
import { createPseudonyms } from '../../../src/analyze/share/pseudonyms.js'
import { writeSharedTrace } from '../../../src/analyze/share/write-shared-trace.js'
import type { RawScope } from '../../../src/analyze/options/select-scope.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

export const SECRET = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex')

/** Shares traces with a fixed key. Returns the path of the shared trace. */
export async function shareSample(
  files: readonly string[],
  options: RawScope & RawTreatment = {},
  secret: Uint8Array = SECRET,
): Promise<string> {
  const path = join(makeTemporaryDirectory(), 'shared.db')
  const pseudonyms = createPseudonyms(createShareKey(secret), parseTreatment(options))
  const keep = await writeSharedTrace({ files, options, pseudonyms: () => pseudonyms, path, typed: path })
  keep()
  return path
}
