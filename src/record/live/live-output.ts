import { safeLine } from '../../text/safe-text.js'
import { createConnectCounts } from '../../view/count-connects.js'
import type { ConnectRow } from '../../view/connect-row.js'
import { createConnectView } from '../../view/render-view.js'
import type { StopSignal } from '../session/stop-signal.js'
import { isShown, type ViewOptions } from '../../view/view-options.js'

/** Interval of checking a slow reader. */
const READER_MS = 20

/** Destination of the rows of a live view: stdout, unbuffered. */
export interface LiveOutput {
  begin(): void
  /** @param nowNs ns since the start */
  add(rows: readonly ConnectRow[], nowNs: number): void
  end(): void
  /**
   * Waits until the added rows are written, the view is stopped, or the time is up. Attempts stay in the ring
   * meanwhile.
   */
  waitForReader(stop: StopSignal, leftMs: () => number): Promise<void>
}

export function createLiveOutput(options: ViewOptions): LiveOutput {
  return { ...(options.count ? createCountOutput(options) : createRowOutput(options)), waitForReader }
}

async function waitForReader(stop: StopSignal, leftMs: () => number): Promise<void> {
  while (process.stdout.writableNeedDrain && stop.reason === null && leftMs() > 0) {
    await stop.wait(Math.min(leftMs(), READER_MS))
  }
}

function createRowOutput(options: ViewOptions): Omit<LiveOutput, 'waitForReader'> {
  const view = createConnectView(options)
  return {
    begin: () => print(view.header),
    add: (rows) => print(rows.filter((row) => isShown(row, options)).map(view.line)),
    end() {},
  }
}

function createCountOutput({ sourcePort, intervalNs }: ViewOptions): Omit<LiveOutput, 'waitForReader'> {
  const counts = createConnectCounts(sourcePort)
  let printedNs = 0
  return {
    begin: () => void process.stderr.write('Tracing connect ... Hit Ctrl-C to end\n'),
    add(rows, nowNs) {
      for (const row of rows) counts.add(row)
      if (intervalNs === null || nowNs - printedNs < intervalNs) return
      printedNs = nowNs
      print(counts.render())
    },
    end: () => print(counts.render()),
  }
}

function print(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(lines.map((line) => `${safeLine(line)}\n`).join(''))
}
