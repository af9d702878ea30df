import { UsageError } from '../base/errors.js'
import { safeLine } from '../text/safe-text.js'
import { findDamage } from '../store/find-damage.js'
import { requireDifferentFiles } from './options/different-files.js'
import { selectScope, type RawScope } from './options/select-scope.js'
import { answerFrom, parseSource, type RemoteOptions, type SourceOptions } from './source/from-source.js'
import { chooseDestination } from './result/destination.js'
import { findColumn, requireColumn } from './result/find-column.js'
import type { FormatName, View } from './result/format.js'
import { FORMATS } from './formats.js'
import { chartWidth } from './result/render-table.js'
import type { Column, Result } from './result/result.js'
import type { QuerySettings, StoredQuery } from './query/stored-query.js'
import { coverLines, missingLines } from './scan/completeness-lines.js'
import { describeEarlierSessions } from './scan/select-sessions.js'
import { describeGaps } from './scan/session-facts.js'
import type { Scope } from './scan/scope.js'
import { withTraces, type Trace } from './scan/trace.js'

const REPORT_ROWS = 20
/** Width of data formats, so that the rows do not depend on the terminal. */
const DATA_WIDTH = 120

/** Options of a built-in query as typed, by their long names in camel case. */
export interface AnalyzeOptions extends RawScope, SourceOptions {
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

const DEFAULT_FILE = 'tcpconn.db'

/**
 * Runs a built-in query over traces, or over the sessions of a server, and prints the result, losses first.
 * @param files as typed
 * @throws UsageError, the errors of `openTrace`, of `withRemoteTrace` and of `openOutputFile`
 */
export async function analyze(query: StoredQuery, files: readonly string[], options: AnalyzeOptions): Promise<void> {
  const remote = parseSource(files, options)
  const format = FORMATS[options.format]
  const isReport = format.kind === 'report'
  const settings = parseSettings(query, options, isReport ? (query.tableRows ?? REPORT_ROWS) : Infinity)
  const destination = chooseDestination(options.output, format)
  const width = isReport ? chartWidth(destination.width) : DATA_WIDTH
  const asked = { ...settings, width }
  const typed = files.length > 0 ? files : [DEFAULT_FILE]
  const { result, loss, cover, missing } =
    remote === null ? answer(query, typed, options, asked) : await answerRemotely(query, remote, asked)
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
      const leftOut = query.files ? [] : describeEarlierSessions(traces, options)
      return answerScope(query, scope, settings, { traces, leftOut })
    })
  } catch (error) {
    throw findDamage(query.files?.paths(files) ?? files, error)
  }
}

function answerRemotely(query: StoredQuery, remote: RemoteOptions, settings: QuerySettings): Promise<Answer> {
  return answerFrom(remote, (traces, raw) => {
    const scope = query.files?.selectRemote(traces, remote, raw) ?? selectScope(traces, raw)
    return answerScope(query, scope, settings, { traces, leftOut: [] })
  })
}

/** @param leftOut lines about sessions that are not in the scope */
function answerScope(
  query: StoredQuery,
  scope: Scope,
  settings: QuerySettings,
  { traces, leftOut }: { readonly traces: readonly Trace[]; readonly leftOut: readonly string[] },
): Answer {
  const result = query.run(scope, settings)
  const loss = [...describeGaps(traces, scope.parts), ...(result.warnings ?? [])]
  // A query with its own order may not check it.
  if (settings.sort !== null) requireColumn(result.columns, settings.sort)
  return {
    result,
    loss,
    cover: [...leftOut, ...coverLines(scope.parts)],
    missing: [...leftOut, ...missingLines(scope.parts)],
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
