import { createTerminalWriter, openTerminalFd, type TerminalWriter } from './terminal-writer.js'

/** Alternate screen, cursor hidden, no wrapping of long lines: xterm's DECSET 1049, 25 and 7. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J'
const LEAVE = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l'

/**
 * Signals that end the process by their default action. SIGINT, SIGTERM and SIGHUP have listeners that end it in order.
 * SIGUSR1 belongs to Node's debugger.
 */
const FATAL_SIGNALS = ['SIGQUIT', 'SIGABRT', 'SIGALRM', 'SIGUSR2'] as const

/** A terminal in raw mode with the alternate screen. */
export interface TerminalMode {
  /** Whether it has taken all text. */
  isReady(): boolean
  write(text: string): void
  /** Restores the terminal for good. */
  leave(): void
}

/**
 * Switches the terminal, and switches it back when the process exits or stops.
 * @param onBack called when the process continues: the screen is empty
 */
export function enterTerminal(onBack: () => void, onGone: () => void): TerminalMode {
  /** `null`: restored */
  let writer: TerminalWriter | null = null
  const enter = () => {
    writer = createTerminalWriter(openTerminalFd(), onGone)
    process.stdin.setRawMode(true)
    writer.write(ENTER)
  }
  const restore = () => {
    if (writer === null) return
    writer.end(LEAVE)
    writer = null
    process.stdin.setRawMode(false)
  }
  const stop = () => {
    restore()
    process.off('SIGTSTP', stop)
    // The default action: the process stops here until SIGCONT. In an orphaned process group, which no shell could continue,
    // the kernel ignores the signal.
    process.kill(process.pid, 'SIGTSTP')
    process.on('SIGTSTP', stop)
    resume()
  }
  const resume = () => {
    if (writer === null) enter()
    onBack()
  }
  const die = (signal: NodeJS.Signals) => {
    restore()
    process.off(signal, die)
    // Without a listener the default action: the parent sees the signal, and there is a core file where one is expected.
    process.kill(process.pid, signal)
  }
  const listeners = [
    ...FATAL_SIGNALS.map((signal) => [signal, die] as const),
    ['SIGTSTP', stop],
    ['SIGCONT', resume],
    ['exit', restore],
    // Before Node prints an error that nobody caught.
    ['uncaughtExceptionMonitor', restore],
  ] as const
  for (const [event, listener] of listeners) process.on(event, listener)
  enter()
  return {
    isReady: () => writer?.isIdle === true,
    write: (text) => writer?.write(text),
    leave() {
      for (const [event, listener] of listeners) process.off(event, listener)
      restore()
    },
  }
}
