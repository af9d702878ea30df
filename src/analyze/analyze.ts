import { UsageError } from '../errors.js'
import { safeLine } from '../show/safe-text.js'
import { findDamage } from '../store/find-damage.js'
import { requireDifferentFiles } from './options/different-files.js'
import { selectScope, type RawScope } from './options/select-scope.js'
import { chooseDestination } from './result/destination.js'
import { findColumn, requireColumn } from './result/find-column.js'
import type { FormatName, View } from './result/format.js'
import { FORMATS } from './result/formats.js'
import { chartWidth } from './result/render-table.js'
import type { Column, Result } from './result/result.js'
import type { QuerySettings, StoredQuery } from './queries/stored-query.js'
import { coverLines } from './trace/cover-lines.js'
import { describeLoss } from './trace/session-facts.js'
import { withTraces } from './trace/trace.js'

const REPORT_ROWS = 20
/** Stands for the terminal's width where there is none and data is asked for: the same rows wherever it is run. */
const DATA_WIDTH = 120

/** Options of every stored query, as typed. A query's own options are there too, by their long names in camel case. */
export interface AnalyzeOptions extends RawScope {
  readonly limit?: string
  readonly sort?: string
  readonly format: FormatName
  /** A file, or `-` */
  readonly output?: string
}

/** What a query found, and what the traces say of themselves. */
interface Answer extends Pick<View, 'loss' | 'cover'> {
  readonly result: Result
}

/**
 * Runs a stored query over traces and prints the result. Loss is the first thing that is said.
 * @throws UsageError, the errors of `openTrace` and of `openOutputFile`
 */
export async function analyze(query: StoredQuery, files: readonly string[], options: AnalyzeOptions): Promise<void> {
  const format = FORMATS[options.format]
  const isReport = format.kind === 'report'
  const settings = parseSettings(query, options, isReport ? (query.tableRows ?? REPORT_ROWS) : Infinity)
  const destination = chooseDestination(options.output, format)
  const width = isReport ? chartWidth(destination.width) : DATA_WIDTH
  const { result, loss, cover } = answer(query, files, options, { ...settings, width })
  if (!isReport) for (const line of loss) process.stderr.write(`${safeLine(line)}\n`)
  await destination.write(await format.render(result, { ...destination, loss, cover }))
}

function answer(
  query: StoredQuery,
  files: readonly string[],
  options: AnalyzeOptions,
  settings: QuerySettings,
): Answer {
  // What compares may be given two sessions of one file.
  if (!query.files) requireDifferentFiles(files)
  try {
    return withTraces(query.files?.paths(files) ?? files, (traces) => {
      const scope = query.files?.select(traces, files, options) ?? selectScope(traces, options)
      const result = query.run(scope, settings)
      const missingLogs = traces.flatMap(({ missingLog }) => missingLog ?? [])
      const loss = [...missingLogs, ...describeLoss(scope.parts), ...(result.warnings ?? [])]
      // A query that has an order of its own may not have looked at it.
      if (settings.sort !== null) requireColumn(result.columns, settings.sort)
      return { result, loss, cover: coverLines(scope.parts) }
    })
  } catch (error) {
    throw findDamage(query.files?.paths(files) ?? files, error)
  }
}

function parseSettings(
  query: StoredQuery,
  options: AnalyzeOptions,
  defaultLimit: number,
): Omit<QuerySettings, 'width'> {
  const values = options as unknown as QuerySettings['values']
  return {
    limit: parseLimit(options.limit) ?? defaultLimit,
    sort: parseSort(query.columnsFor?.(values) ?? query.columns, options.sort),
    values,
  }
}

function parseLimit(text: string | undefined): number | null {
  if (text === undefined) return null
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text)
  throw new UsageError('--limit', text, 'a number of rows, 1 or more')
}

/** The whole name of a column; as typed for those that only some options make. */
function parseSort(columns: readonly Column[], text: string | undefined): string | null {
  return text === undefined ? null : (findColumn(columns, text)?.name ?? text)
}
