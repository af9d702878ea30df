import { emitKeypressEvents } from 'node:readline'
import { TcpconnError } from '../../base/errors.js'
import type { Key } from './key.js'
import { enterTerminal } from './terminal-mode.js'

/** The terminal while the table is on it. */
export interface Screen {
  /** Cells that a line may have. One less than the terminal: erasing to the end of a full line would erase its last cell. */
  readonly columns: number
  readonly rows: number
  /** Whether the terminal has taken the last frame. If not, frames are dropped. */
  readonly isReady: boolean
  /** Sends the lines that differ from the last frame. */
  show(lines: readonly string[]): void
  /** Stops this process as Ctrl-Z does. The terminal is restored meanwhile. */
  suspend(): void
  /** Restores the terminal. */
  leave(): void
}

export interface ScreenEvents {
  onKey(key: Key): void
  /** The size has changed, or the process continues: draw again. */
  onChange(): void
  /** The terminal is closed. */
  onGone(): void
}

/**
 * Requires a terminal for keys and output.
 * @throws E_TERMINAL, which names --once
 */
export function requireTerminal(): void {
  const missing = process.stdout.isTTY ? (process.stdin.isTTY ? null : 'stdin') : 'stdout'
  if (missing === null) return
  throw new TcpconnError('E_TERMINAL', {
    what: `${missing} is not a terminal`,
    reason: 'tcpconn top draws on a terminal and reads keys from it',
    hint: 'print the table once with --once',
  })
}

/** Takes the terminal over. It is restored by `leave`, when the process exits, and while it is suspended. */
export function openScreen({ onKey, onChange, onGone }: ScreenEvents): Screen {
  const { stdin, stdout } = process
  let shown: readonly string[] = []
  const redraw = () => {
    shown = []
    onChange()
  }
  const takeKey = (text: string | undefined, key: { name?: string; ctrl?: boolean; meta?: boolean }) => {
    const isTyped = text !== undefined && !key.ctrl && !key.meta && !/\p{Cc}/u.test(text)
    onKey({ name: key.name ?? '', text: isTyped ? text : '', isCtrl: key.ctrl ?? false })
  }
  const mode = enterTerminal(redraw, onGone)
  emitKeypressEvents(stdin)
  stdin.on('keypress', takeKey).on('end', onGone).on('error', onGone).resume()
  stdout.on('resize', redraw)
  return {
    get columns() {
      return (stdout.columns || 80) - 1
    },
    get rows() {
      return stdout.rows || 24
    },
    get isReady() {
      return mode.isReady()
    },
    show(lines) {
      const changes = lines.flatMap((line, i) => (line === shown[i] ? [] : [`\x1b[${i + 1};1H${line}\x1b[K`]))
      shown = lines
      if (changes.length > 0) mode.write(changes.join(''))
    },
    // The whole process group, as the terminal driver does.
    suspend: () => void process.kill(0, 'SIGTSTP'),
    leave() {
      stdout.off('resize', redraw)
      stdin.off('keypress', takeKey).off('end', onGone).pause()
      mode.leave()
    },
  }
}
