import { UsageError } from '../base/errors.js'
import { safeLine } from '../text/safe-text.js'
import { findDamage } from '../store/find-damage.js'
import { requireDifferentFiles } from './options/different-files.js'
import { selectScope, type RawScope } from './options/select-scope.js'
import { chooseDestination } from './result/destination.js'
import { findColumn, requireColumn } from './result/find-column.js'
import type { FormatName, View } from './result/format.js'
import { FORMATS } from './formats.js'
import { chartWidth } from './result/render-table.js'
import type { Column, Result } from './result/result.js'
import type { QuerySettings, StoredQuery } from './query/stored-query.js'
import { coverLines, missingLines } from './scan/completeness-lines.js'
import { describeLeftOut } from './scan/select-sessions.js'
import { describeGaps } from './scan/session-facts.js'
import { withTraces } from './scan/trace.js'

const REPORT_ROWS = 20
/** Width of data formats, so that the rows do not depend on the terminal. */
const DATA_WIDTH = 120

/** Options of a built-in query as typed, by their long names in camel case. */
export interface AnalyzeOptions extends RawScope {
  readonly limit?: string
  readonly sort?: string
  readonly format: FormatName
  /** A file, or `-` */
  readonly output?: string
}

/** A result and the lines about its traces. */
interface Answer extends Pick<View, 'loss' | 'cover'> {
  readonly result: Result
  /** Lines on stderr for a format without notes, in addition to losses */
  readonly missing: readonly string[]
}

/**
 * Runs a built-in query over traces and prints the result, losses first.
 * @throws UsageError, the errors of `openTrace` and of `openOutputFile`
 */
export async function analyze(query: StoredQuery, files: readonly string[], options: AnalyzeOptions): Promise<void> {
  const format = FORMATS[options.format]
  const isReport = format.kind === 'report'
  const settings = parseSettings(query, options, isReport ? (query.tableRows ?? REPORT_ROWS) : Infinity)
  const destination = chooseDestination(options.output, format)
  const width = isReport ? chartWidth(destination.width) : DATA_WIDTH
  const { result, loss, cover, missing } = answer(query, files, options, { ...settings, width })
  if (!isReport) for (const line of [...loss, ...missing]) process.stderr.write(`${safeLine(line)}\n`)
  await destination.write(await format.render(result, { ...destination, loss, cover }))
}

function answer(
  query: StoredQuery,
  files: readonly string[],
  options: AnalyzeOptions,
  settings: QuerySettings,
): Answer {
  // A comparison accepts two sessions of one file.
  if (!query.files) requireDifferentFiles(files)
  try {
    return withTraces(query.files?.paths(files) ?? files, (traces) => {
      const scope = query.files?.select(traces, files, options) ?? selectScope(traces, options)
      const result = query.run(scope, settings)
      const loss = [...describeGaps(traces, scope.parts), ...(result.warnings ?? [])]
      // A query with its own order may not check it.
      if (settings.sort !== null) requireColumn(result.columns, settings.sort)
      const leftOut = query.files ? [] : describeLeftOut(traces, options)
      return {
        result,
        loss,
        cover: [...leftOut, ...coverLines(scope.parts)],
        missing: [...leftOut, ...missingLines(scope.parts)],
      }
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

/** The full name of a column; as typed if the column depends on options. */
function parseSort(columns: readonly Column[], text: string | undefined): string | null {
  return text === undefined ? null : (findColumn(columns, text)?.name ?? text)
}
