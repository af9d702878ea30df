import type { Session } from '../session/begin-session.js'
import type { Display } from '../session/run-session.js'
import { createStatusLine, type FileProgress } from './status-line.js'

/** A status line on a terminal, unless a command uses the terminal. */
export function createStatusDisplay({ options }: Session, { files }: { readonly files: FileProgress }): Display {
  const isShown = !options.quiet && process.stderr.isTTY && options.command.length === 0
  const status = createStatusLine(isShown, { durationNs: options.durationNs, files })
  return {
    begin() {},
    observe: ({ rows }, nowNs) => status.add(rows, nowNs),
    draw: status.draw,
    clear: status.clear,
    end() {},
  }
}
