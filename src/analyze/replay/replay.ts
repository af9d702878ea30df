import { safeLine } from '../../text/safe-text.js'
import { findDamage } from '../../store/find-damage.js'
import { createConnectCounts } from '../../view/count-connects.js'
import type { ConnectRow } from '../../view/connect-row.js'
import { createConnectView } from '../../view/render-view.js'
import { isShown, parseViewOptions, type RawViewOptions, type ViewOptions } from '../../view/view-options.js'
import { selectScope, type RawScope } from '../options/select-scope.js'
import { ReaderGone, openSink } from '../output/sink.js'
import { describeMissing } from '../scan/completeness-lines.js'
import { withTraces } from '../scan/trace.js'
import { describeMissingDns } from './recorded-dns.js'
import { recordedRows } from './recorded-rows.js'

/** Lines per write. */
const CHUNK_LINES = 1000

/** Options of `tcpconn replay`, as typed: those of a scope, and those of the view. */
export type ReplayOptions = Omit<RawScope, 'outcome' | 'container'> & RawViewOptions

/**
 * Prints a trace in the format of `live`.
 * @throws UsageError, the errors of `openTrace`, E_STDOUT
 */
export async function replay(file: string, options: ReplayOptions): Promise<void> {
  const view = parseViewOptions(options)
  const { outcome, container: _, ...scope } = options
  const outcomes = Array.isArray(outcome) ? { outcome: [...outcome] } : {}
  const sink = openSink(null)
  try {
    await withTraces([file], async (traces) => {
      const selected = selectScope(traces, { ...scope, ...outcomes })
      const missing = view.dns ? describeMissingDns(selected.parts) : null
      const lines = describeMissing(traces, selected.parts, scope)
      for (const line of [...lines, ...(missing === null ? [] : [missing])]) {
        process.stderr.write(`${safeLine(line)}\n`)
      }
      for (const chunk of chunks(linesOf(recordedRows(selected), view))) await sink.write([chunk])
      await sink.finish()
    })
  } catch (error) {
    if (!(error instanceof ReaderGone)) throw findDamage([file], error)
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
