import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { TcpconnError, UsageError } from '../../base/errors.js'
import type { RawScope } from '../options/select-scope.js'
import { isDevice, openOutputFile, requireNewOutput } from '../output/open-output-file.js'
import { buildPage } from './build-page.js'
import { parseSource, type SourceOptions } from '../source/from-source.js'
import type { Level, RawTreatment } from '../share/fields.js'
import { openChosenKey, printKey, requireKeyName } from '../share/keyed/chosen-key.js'
import { collectRemoteReport, collectReport } from './collect-report.js'
import type { ReportData } from './report-data.js'

const DEFAULT_FILE = 'tcpconn.db'
const ACCEPTED =
  'one trace file or session, or two to compare, like trace.db, before.db after.db or trace.db@1 trace.db@2'

/** Options of `tcpconn report`, as typed. */
export interface ReportOptions extends RawScope, SourceOptions {
  /** A file, or `-` */
  readonly output: string
  readonly share?: boolean
  /** With `share`: what is replaced */
  readonly level?: Level
  /** File of the key of the pseudonyms */
  readonly key?: string
}

/**
 * Writes a page that shows a trace, or two of them side by side.
 * @throws UsageError, E_KEY, the errors of `openTrace` and of `openOutputFile`
 */
export async function writeReport(files: readonly string[], options: ReportOptions): Promise<void> {
  const { output, share = false, level, key: keyPath, ...raw } = options
  const remote = parseSource(files, raw)
  if (remote !== null && share) throw sharesFiles()
  if (files.length > 2) throw new UsageError('FILE', files[2] as string, ACCEPTED)
  if (output !== '-') requireNewOutput(output)
  const typed = files.length > 0 ? files : [DEFAULT_FILE]
  if (share) return writeShared(typed, { ...raw, ...(level === undefined ? {} : { level }) }, output, keyPath)
  if (level !== undefined)
    throw new UsageError('--level', 'without --share', 'the level of pseudonyms, which --share makes')
  if (keyPath !== undefined)
    throw new UsageError('--key', 'without --share', 'the key of pseudonyms, which --share makes')
  await writePage(remote === null ? collectReport(typed, raw) : await collectRemoteReport(remote), output)
}

/** A page without its key is removed again. */
async function writeShared(
  files: readonly string[],
  raw: RawScope & RawTreatment,
  output: string,
  keyPath: string | undefined,
) {
  requireKeyName(keyPath, output)
  const key = openChosenKey(keyPath)
  try {
    // Pseudonyms bring a large list of public suffixes along.
    const { collectSharedReport } = await import('./share-report.js')
    await writePage(await collectSharedReport(files, raw, key.secret), output, key.commit)
  } finally {
    key.abort()
  }
  printKey(keyPath, key)
}

/** @param commitKey called when the page has its name, and with stdout before it is written */
async function writePage(data: ReportData, output: string, commitKey = () => {}): Promise<void> {
  const page = buildPage(data)
  if (output === '-') {
    commitKey()
    if (!process.stdout.write(page)) await once(process.stdout, 'drain')
    return
  }
  const file = openOutputFile(output)
  try {
    file.write(page)
    file.commit()
  } finally {
    file.abort()
  }
  try {
    commitKey()
  } catch (error) {
    if (!isDevice(output)) rmSync(output, { force: true })
    throw error
  }
}

function sharesFiles(): TcpconnError {
  return new TcpconnError('E_USAGE', {
    what: 'report --share does not accept --from',
    reason: 'pseudonyms are made for trace files, not for a server or an archive',
    hint: 'make the report of the trace of a host, there: tcpconn report FILE --share -o shared.html',
  })
}
