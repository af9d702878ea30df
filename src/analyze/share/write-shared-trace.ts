import { rmSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { TcpconnError, messageOf } from '../../base/errors.js'
import { findDamage } from '../../store/find-damage.js'
import { safeLine } from '../../text/safe-text.js'
import { requireDifferentFiles } from '../options/different-files.js'
import { selectScope, type RawScope } from '../options/select-scope.js'
import { removeAtEnd } from '../output/clean-up.js'
import { describeMissing } from '../scan/completeness-lines.js'
import { withTraces } from '../scan/trace.js'
import { createTrace } from './output-database.js'
import type { Pseudonyms } from './pseudonyms.js'
import { shareTrace, type ShareParts } from './share-trace.js'

export interface SharedTraceParts {
  readonly files: readonly string[]
  /** Options that select attempts, as typed */
  readonly options: RawScope
  /** Called once, when all files are open and the options have been applied */
  readonly pseudonyms: () => Pseudonyms
  /** Where it is written: a new file, which is removed on an error */
  readonly path: string
  /** What errors call the file */
  readonly typed: string
}

/**
 * Writes a shared trace of some files. What the original lacks is reported on stderr.
 * @returns a function that keeps the file when this process ends; without that call it is removed
 * @throws UsageError, the errors of `openTrace`, E_CANNOT_OPEN, E_DISK_FULL, E_WRITE
 */
export async function writeSharedTrace(parts: SharedTraceParts): Promise<() => void> {
  const { files, options, pseudonyms, path, typed } = parts
  const remove = () => rmSync(path, { force: true })
  const keep = removeAtEnd(remove)
  try {
    await shareFiles(files, options, {
      pseudonyms,
      create: () => createTrace(path, typed),
      fail: (error) => writeFault(typed, error),
    })
    return keep
  } catch (error) {
    keep()
    remove()
    throw error
  }
}

interface ShareFiles extends Pick<SharedTraceParts, 'pseudonyms'>, Pick<ShareParts, 'isDryRun'> {
  readonly note?: ShareParts['note']
  create(): Database
  /** The error for an error of the shared trace; others are returned as they are. */
  fail(error: unknown): unknown
}

/** Opens traces, and shares what the options choose of them. */
export async function shareFiles(
  files: readonly string[],
  options: RawScope,
  { pseudonyms, note = () => {}, isDryRun = false, create, fail }: ShareFiles,
): Promise<void> {
  requireDifferentFiles(files)
  try {
    await withTraces(files, async (traces) => {
      const scope = selectScope(traces, options)
      for (const line of describeMissing(traces, scope.parts, options)) process.stderr.write(`${safeLine(line)}\n`)
      const parts = { scope, pseudonyms: pseudonyms() }
      const shared = create()
      try {
        await shareTrace({ ...parts, shared, note, isDryRun })
        const hasAttempts = shared.prepare('SELECT EXISTS (SELECT 1 FROM connect_attempt)').pluck().get() === 1
        if (!isDryRun && !hasAttempts) process.stderr.write('no attempts match: the shared trace has none\n')
      } finally {
        shared.close()
      }
    })
  } catch (error) {
    throw findDamage(files, fail(error))
  }
}

/** The original is only read: what cannot be written is the shared trace. */
function writeFault(typed: string, error: unknown): unknown {
  const code = (error as { code?: string }).code ?? ''
  if (code === 'SQLITE_FULL') {
    return new TcpconnError('E_DISK_FULL', {
      what: `cannot write ${typed}: the disk is full`,
      reason: 'a shared trace is about as large as the original; the incomplete file has been removed',
      hint: 'free some space, name a file on another disk, or share less: --last 1h',
      cause: error,
    })
  }
  if (!/^SQLITE_IOERR_(WRITE|TRUNCATE|FSYNC|CLOSE)/.test(code)) return error
  return new TcpconnError('E_WRITE', {
    what: `cannot write ${typed}`,
    reason: messageOf(error),
    hint: 'check the path and the file system',
    cause: error,
  })
}
