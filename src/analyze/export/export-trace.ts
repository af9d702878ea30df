import { setImmediate } from 'node:timers/promises'
import type { Store } from '../../s3/connect-store.js'
import { isLocation, parseLocation } from '../../s3/parse-location.js'
import { UsageError } from '../../base/errors.js'
import { safeLine } from '../../text/safe-text.js'
import { findDamage } from '../../store/find-damage.js'
import { isLocalPath, parseSource, readFrom, type SourceOptions } from '../source/from-source.js'
import { readAllAttempts } from '../remote/read-all-attempts.js'
import { requireDifferentFiles } from '../options/different-files.js'
import { selectScope, type RawScope } from '../options/select-scope.js'
import { openSink, ReaderGone } from '../output/sink.js'
import { describeMissing } from '../scan/completeness-lines.js'
import { withTraces, type Trace } from '../scan/trace.js'
import { EXPORT_FORMATS, FORMAT_WRITERS, type ExportFormatName } from './export-formats.js'
import { createFileTarget, type ExportTarget } from './file-target.js'
import { ARCHIVE_KEY, describeArchive } from './parts/archived-session.js'
import { parsePartition, type PartitionKey } from './parts/partition-directory.js'
import { openPartitionTarget } from './partition-target.js'
import { createProgressLine } from './progress-line.js'
import { createAttemptTable, type AttemptTable } from './rows/attempt-table.js'
import { ARCHIVE_COLUMNS } from './rows/restoring-columns.js'
import { openStoreTarget, type StoreTarget } from './store-target.js'
import { describeExport } from './trace-metadata.js'

const DEFAULT_FILE = 'tcpconn.db'

/** Options of `tcpconn export`, as typed. */
export interface ExportOptions extends RawScope, SourceOptions {
  readonly format: ExportFormatName
  /** A file, `-`, or with `--partition` a directory or a place in a bucket */
  readonly output?: string
  readonly partition?: string
  readonly quiet?: boolean
}

/**
 * Writes the attempts of traces as a file of another format, with the columns of the view `connects`.
 * @throws UsageError, the errors of `openTrace`, E_EXISTS, E_CANNOT_OPEN, E_DISK_FULL, E_WRITE, E_STDOUT, and those of `Store`
 */
export async function exportTrace(files: readonly string[], options: ExportOptions): Promise<void> {
  const format = FORMAT_WRITERS[options.format]
  const partition = parsePartition(options.partition)
  const path = outputPath(options, partition)
  const store = path !== null && isLocation(path) ? await openStore(path, options) : null
  const remote = parseSource(files, store === null ? options : sourceOptions(options))
  const paths = files.length > 0 ? files : [DEFAULT_FILE]
  if (remote === null) requireDifferentFiles(paths)
  const createWriter = await format.load()
  const write = async (traces: readonly Trace[], raw: RawScope) => {
    const scope = selectScope(traces, raw)
    if (!options.quiet)
      for (const line of describeMissing(traces, scope.parts, raw)) process.stderr.write(`${safeLine(line)}\n`)
    const table = createAttemptTable(scope, format.batchRows, partition.length > 0 ? ARCHIVE_COLUMNS : [])
    const described = describeExport(scope, table.columns, selectionOf(options))
    const metadata = partition.length > 0 ? described.set(ARCHIVE_KEY, describeArchive(scope)) : described
    const create = () => createWriter({ columns: table.columns, metadata, isStream: path === null })
    const parts = { scope, partition, table, create }
    if (store !== null) return await sendAll(openStoreTarget(store, parts), table, options)
    const target =
      path !== null && partition.length > 0
        ? openPartitionTarget(path, parts)
        : createFileTarget(openSink(path), table, create())
    const rowCount = await writeAll(table, target, options)
    if (rowCount === 0 && partition.length > 0 && !options.quiet) {
      process.stderr.write(`${safeLine(`no attempts match: ${path} is an empty directory`)}\n`)
    }
  }
  try {
    if (remote === null) await withTraces(paths, (traces) => write(traces, options))
    else await readFrom(remote, { read: readAllAttempts, body: write })
  } catch (error) {
    if (error instanceof ReaderGone) return
    throw remote === null ? findDamage(paths, error) : error
  } finally {
    store?.close()
  }
}

/** The client of S3 is large: it is loaded only now. */
async function openStore(path: string, { caFile }: ExportOptions): Promise<Store> {
  const location = parseLocation('--output', path)
  const { connectStore } = await import('../../s3/connect-store.js')
  return connectStore(location, caFile === undefined ? {} : { caFile })
}

/** The options of the source if the output is a bucket: `--ca-file` is for the bucket, and for the source if that is an endpoint too. */
function sourceOptions({ caFile, ...options }: ExportOptions): ExportOptions {
  const { from } = options
  return from === undefined || isLocalPath(from) || caFile === undefined ? options : { ...options, caFile }
}

async function sendAll(target: StoreTarget, table: AttemptTable, options: ExportOptions): Promise<void> {
  const rowCount = await writeAll(table, target, options)
  if (options.quiet) return
  const line = rowCount === 0 ? 'no attempts match: nothing was sent' : target.describe()
  process.stderr.write(`${safeLine(line)}\n`)
}

/** @returns the number of written attempts */
async function writeAll(table: AttemptTable, target: ExportTarget, { quiet = false }: ExportOptions): Promise<number> {
  const line = createProgressLine(process.stderr.isTTY && !quiet)
  const progress = { scanned: 0, total: 0 }
  let rowCount = 0
  try {
    for (const rows of table.read(progress)) {
      rowCount += rows.count
      await target.add(rows)
      line.draw(rowCount, progress)
      // Signals are handled here.
      await setImmediate()
    }
    await target.finish()
    return rowCount
  } finally {
    target.abort()
    line.clear()
  }
}

/** @returns `null`: stdout */
function outputPath({ output, format, partition }: ExportOptions, keys: readonly PartitionKey[]): string | null {
  if (output === '') throw new UsageError('--output', output, 'the name of a new file or directory, or - for stdout')
  if (keys.length > 0) {
    if (format !== 'parquet') throw new UsageError('--format', format, 'parquet, with --partition')
    if (output !== undefined && output !== '-') return output
    throw new UsageError(
      '--partition',
      partition ?? '',
      'a place for its files beside it: -o DIRECTORY or -o s3://BUCKET/PREFIX',
    )
  }
  if (output !== undefined && isLocation(output)) {
    parseLocation('--output', output)
    throw new UsageError('--output', output, 'a bucket only with --format parquet --partition host,date')
  }
  if (output !== undefined && output !== '-') return output
  if (process.stdout.isTTY && FORMAT_WRITERS[format].isBinary) {
    throw new UsageError(
      '--output',
      output ?? 'the terminal',
      `a file or a pipe for ${format}, which is binary; ${EXPORT_FORMATS.slice(2).join(' and ')} are text`,
    )
  }
  return null
}

/** The selection of attempts, for the metadata of the file. */
function selectionOf({
  format: _,
  output: __,
  partition: ___,
  quiet: ____,
  passwordFile: _____,
  caFile: ______,
  ...selection
}: ExportOptions) {
  return selection
}
