import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { TcpconnError, UsageError } from '../../base/errors.js'
import { safeLine } from '../../text/safe-text.js'
import type { RawScope } from '../options/select-scope.js'
import { giveName, isDevice, requireNewOutput, temporaryNameOf } from '../output/open-output-file.js'
import { outputFault } from '../output/output-faults.js'
import { previewShare } from './dry-run.js'
import { parseTreatment, type RawTreatment, type Treatment } from './fields.js'
import { openChosenKey, printKey, requireKeyName } from './keyed/chosen-key.js'
import { readKeyIfPresent, type FileKey } from './keyed/key-file.js'
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
  if (options.dryRun) return printPreview(files, options, treatment)
  const path = requireOutput(options)
  const temporary = temporaryNameOf(path)
  // A new key gets its name only together with the trace.
  const key = openChosenKey(options.key)
  const pseudonyms = () => createPseudonyms(createShareKey(key.secret), treatment)
  try {
    const keep = await writeSharedTrace({ files, options, pseudonyms, path: temporary, typed: path })
    try {
      giveNames(temporary, path, key)
    } finally {
      keep()
    }
  } finally {
    key.abort()
  }
  printKey(options.key, key)
  process.stderr.write(`${safeLine(`${path}: pseudonymised, level ${treatment.level}`)}\n`)
}

async function printPreview(files: readonly string[], options: ShareOptions, treatment: Treatment): Promise<void> {
  const known = options.key === undefined ? null : readKeyIfPresent(options.key)
  const pseudonyms = createPseudonyms(createShareKey(known ?? randomBytes(KEY_BYTES)), treatment)
  const lines = await previewShare(files, options, pseudonyms)
  const examples = known === null ? 'the pseudonyms below are examples' : 'the pseudonyms below are those of the key'
  for (const line of [`level ${treatment.level}; nothing is written, and ${examples}`, ...lines])
    process.stdout.write(`${safeLine(line)}\n`)
}

/** A shared trace appears with its key, or neither does. */
function giveNames(temporary: string, path: string, key: FileKey): void {
  try {
    giveName(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw outputFault(path, error)
  }
  try {
    key.commit()
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  }
}

function requireOutput({ output: path, key }: ShareOptions): string {
  if (path === undefined) throw noOutput()
  if (path === '-' || isDevice(path))
    throw new UsageError('--output', path, 'a regular file, like shared.db: SQLite seeks in it')
  requireNewOutput(path)
  requireKeyName(key, path)
  return path
}

function noOutput(): TcpconnError {
  return new TcpconnError('E_USAGE', {
    what: 'tcpconn share needs a name for the shared trace',
    reason: 'it is a new file; --output names it',
    hint: 'add -o shared.db, or --dry-run, which prints what would be replaced',
  })
}
