import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { UsageError } from '../../base/errors.js'
import { safeLine } from '../../text/safe-text.js'
import type { RawScope } from '../options/select-scope.js'
import { giveName, requireNewOutput, temporaryNameOf } from '../output/open-output-file.js'
import { outputFault } from '../output/output-faults.js'
import { previewShare } from './dry-run.js'
import { parseTreatment, type RawTreatment } from './fields.js'
import { readOrCreateKey } from './keyed/key-file.js'
import { createShareKey, KEY_BYTES } from './keyed/share-key.js'
import { createPseudonyms } from './pseudonyms.js'
import { writeSharedTrace } from './write-shared-trace.js'

/** Options of `tcpconn share`, as typed. */
export interface ShareOptions extends RawScope, RawTreatment {
  readonly output?: string
  readonly key?: string
  readonly dryRun?: boolean
}

/**
 * Writes a trace with pseudonyms, or prints what it would replace.
 * @throws UsageError, E_KEY, E_EXISTS, and the errors of `writeSharedTrace`
 */
export async function share(files: readonly string[], options: ShareOptions): Promise<void> {
  const treatment = parseTreatment(options)
  if (options.dryRun) {
    const pseudonyms = createPseudonyms(createShareKey(randomBytes(KEY_BYTES)), treatment)
    for (const line of await previewShare(files, options, pseudonyms)) process.stdout.write(`${safeLine(line)}\n`)
    return
  }
  const path = requireOutput(options.output)
  const pseudonyms = createPseudonyms(createShareKey(chooseKey(options.key)), treatment)
  const temporary = temporaryNameOf(path)
  const keep = await writeSharedTrace({ files, options, pseudonyms, path: temporary, typed: path })
  try {
    giveName(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw outputFault(path, error)
  } finally {
    keep()
  }
  process.stderr.write(`${safeLine(`${path}: pseudonymised, level ${treatment.level}`)}\n`)
}

function requireOutput(path: string | undefined): string {
  if (path === undefined || path === '-')
    throw new UsageError('--output', path ?? 'nothing', 'the name of a new file, like shared.db')
  requireNewOutput(path)
  return path
}

/** Without a file the key exists only as long as this process. */
function chooseKey(path: string | undefined): Buffer {
  if (path === undefined) return randomBytes(KEY_BYTES)
  const { secret, isNew } = readOrCreateKey(path)
  const line = isNew ? `created the key ${resolve(path)}: keep it, and do not give it away` : `key ${resolve(path)}`
  process.stderr.write(`${safeLine(line)}\n`)
  return secret
}
