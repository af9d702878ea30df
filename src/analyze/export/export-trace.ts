import { setImmediate } from 'node:timers/promises'
import { UsageError } from '../../base/errors.js'
import { safeLine } from '../../text/safe-text.js'
import { findDamage } from '../../store/find-damage.js'
import { parseSource, readFrom, type SourceOptions } from '../remote/from-server.js'
import { readAllAttempts } from '../remote/read-all-attempts.js'
import { requireDifferentFiles } from '../options/different-files.js'
import { selectScope, type RawScope } from '../options/select-scope.js'
import { openSink, ReaderGone } from '../output/sink.js'
import { describeMissing } from '../scan/completeness-lines.js'
import { withTraces, type Trace } from '../scan/trace.js'
import { EXPORT_FORMATS, FORMATS, type ExportFormatName } from './export-formats.js'
import { createFileTarget, type ExportTarget } from './file-target.js'
import { parsePartition, type PartitionKey } from './partition-directory.js'
import { openPartitionTarget } from './partition-target.js'
import { createProgressLine } from './progress-line.js'
import { createAttemptTable, type AttemptTable } from './rows/attempt-table.js'
import { describeExport } from './trace-metadata.js'

const DEFAULT_FILE = 'tcpconn.db'

/** Options of `tcpconn export`, as typed. */
export interface ExportOptions extends RawScope, SourceOptions {
  readonly format: ExportFormatName
  /** A file, or `-` */
  readonly output?: string
  readonly partition?: string
  readonly quiet?: boolean
}

/**
 * Writes the attempts of traces as a file of another format, with the columns of the view `connects`.
 * @throws UsageError, the errors of `openTrace`, E_EXISTS, E_CANNOT_OPEN, E_DISK_FULL, E_WRITE, E_STDOUT
 */
export async function exportTrace(files: readonly string[], options: ExportOptions): Promise<void> {
  const format = FORMATS[options.format]
  const partition = parsePartition(options.partition)
  const path = outputPath(options, partition)
  const remote = parseSource(files, options)
  const paths = files.length > 0 ? files : [DEFAULT_FILE]
  if (remote === null) requireDifferentFiles(paths)
  const createWriter = await format.load()
  const write = async (traces: readonly Trace[], raw: RawScope) => {
    const scope = selectScope(traces, raw)
    if (!options.quiet)
      for (const line of describeMissing(traces, scope.parts, raw)) process.stderr.write(`${safeLine(line)}\n`)
    const table = createAttemptTable(scope, format.batchRows)
    const metadata = describeExport(scope, table.columns, selectionOf(options))
    const create = () => createWriter({ columns: table.columns, metadata, isStream: path === null })
    const target =
      path !== null && partition.length > 0
        ? openPartitionTarget(path, { scope, partition, table, create })
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
  }
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
    throw new UsageError('--partition', partition ?? '', 'a directory for its files beside it: -o DIRECTORY')
  }
  if (output !== undefined && output !== '-') return output
  if (process.stdout.isTTY && FORMATS[format].isBinary) {
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
