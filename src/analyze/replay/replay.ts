import { safeLine } from '../../text/safe-text.js'
import { findDamage } from '../../store/find-damage.js'
import { createConnectCounts } from '../../view/count-connects.js'
import type { ConnectRow } from '../../view/connect-row.js'
import { createConnectView } from '../../view/render-view.js'
import { isShown, parseViewOptions, type RawViewOptions, type ViewOptions } from '../../view/view-options.js'
import { parseSource, readFrom, type SourceOptions } from '../source/from-source.js'
import { readAllAttempts } from '../remote/read-all-attempts.js'
import { selectScope, type RawScope } from '../options/select-scope.js'
import { ReaderGone, openSink } from '../output/sink.js'
import { describeMissing } from '../scan/completeness-lines.js'
import { withTraces, type Trace } from '../scan/trace.js'
import { describeMissingDns } from './recorded-dns.js'
import { recordedRows } from './recorded-rows.js'

const DEFAULT_FILE = 'tcpconn.db'
/** Lines per write. */
const CHUNK_LINES = 1000

/** Options of `tcpconn replay`, as typed: those of a scope, and those of the view. */
export type ReplayOptions = Omit<RawScope, 'outcome' | 'container'> & RawViewOptions & SourceOptions

/**
 * Prints a trace in the format of `live`.
 * @throws UsageError, the errors of `openTrace`, E_STDOUT
 */
export async function replay(files: readonly string[], options: ReplayOptions): Promise<void> {
  const view = parseViewOptions(options)
  const { outcome, container: _, ...scope } = options
  const outcomes = Array.isArray(outcome) ? { outcome: [...outcome] } : {}
  const typed = { ...scope, ...outcomes }
  const remote = parseSource(files, typed)
  const [file = DEFAULT_FILE] = files
  const sink = openSink(null)
  const show = async (traces: readonly Trace[], raw: RawScope) => {
    const selected = selectScope(traces, raw)
    const missing = view.dns ? describeMissingDns(selected.parts) : null
    const lines = describeMissing(traces, selected.parts, raw)
    for (const line of [...lines, ...(missing === null ? [] : [missing])]) {
      process.stderr.write(`${safeLine(line)}\n`)
    }
    for (const chunk of chunks(linesOf(recordedRows(selected), view))) await sink.write([chunk])
    await sink.finish()
  }
  try {
    if (remote === null) await withTraces([file], (traces) => show(traces, typed))
    else await readFrom(remote, { read: readAllAttempts, body: show })
  } catch (error) {
    if (error instanceof ReaderGone) return
    throw remote === null ? findDamage([file], error) : error
  }
}

function* linesOf(rows: Iterable<ConnectRow>, options: ViewOptions): Generator<string> {
  if (options.count) {
    const counts = createConnectCounts(options.sourcePort)
    for (const row of rows) counts.add(row)
    return yield* counts.render()
  }
  const view = createConnectView(options)
  yield* view.header
  for (const row of rows) if (isShown(row, options)) yield view.line(row)
}

function* chunks(lines: Iterable<string>): Generator<Buffer> {
  let chunk: string[] = []
  for (const line of lines) {
    chunk.push(safeLine(line))
    if (chunk.length < CHUNK_LINES) continue
    yield Buffer.from(`${chunk.join('\n')}\n`)
    chunk = []
  }
  if (chunk.length > 0) yield Buffer.from(`${chunk.join('\n')}\n`)
}
