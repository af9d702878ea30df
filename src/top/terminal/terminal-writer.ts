import { closeSync, constants, fstatSync, openSync, readFileSync, writeSync } from 'node:fs'
import { TcpconnError } from '../../base/errors.js'

/** Interval of trying a slow terminal again. */
const RETRY_MS = 20
/** Longest wait for a slow terminal at the end. */
const LAST_WAIT_MS = 1000

/**
 * Writes to a terminal without ever waiting for it. Node writes to terminals synchronously: a terminal that is stopped with
 * Ctrl-S, or whose window does not read, would stop the ring reader too.
 */
export interface TerminalWriter {
  /** Whether all written text was taken. Otherwise more text should wait. */
  readonly isIdle: boolean
  write(text: string): void
  /** Writes the rest and `text`, for at most a second. Later calls write nothing. */
  end(text: string): void
}

/** @param onGone called when the terminal is closed, once */
export function createTerminalWriter(fd: number, onGone: () => void): TerminalWriter {
  let waiting: Buffer = Buffer.alloc(0)
  let timer: NodeJS.Timeout | null = null
  let isEnded = false
  /** @returns whether the terminal took everything */
  const flush = (): boolean => {
    try {
      while (waiting.length > 0) waiting = waiting.subarray(writeSync(fd, waiting))
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false
      waiting = Buffer.alloc(0)
      if (!isEnded) onGone()
      return true
    }
  }
  const flushLater = () => {
    timer = setTimeout(() => {
      timer = null
      if (!flush()) flushLater()
    }, RETRY_MS)
  }
  return {
    get isIdle() {
      return waiting.length === 0
    },
    write(text) {
      if (isEnded) return
      waiting = Buffer.concat([waiting, Buffer.from(text)])
      if (timer === null && !flush()) flushLater()
    },
    end(text) {
      if (isEnded) return
      isEnded = true
      if (timer !== null) clearTimeout(timer)
      waiting = Buffer.concat([waiting, Buffer.from(text)])
      for (let waitedMs = 0; !flush() && waitedMs < LAST_WAIT_MS; waitedMs += RETRY_MS) pause(RETRY_MS)
      closeSync(fd)
    },
  }
}

/**
 * Opens the terminal of stdout again: O_NONBLOCK then affects only this description, not the shell's.
 * @throws E_TERMINAL
 */
export function openTerminalFd(): number {
  const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY
  try {
    return openSync('/proc/self/fd/1', flags)
  } catch (error) {
    // After su the terminal belongs to another user; as the controlling terminal it can be opened.
    if (isControllingTerminal()) return openSync('/dev/tty', flags)
    throw new TcpconnError('E_TERMINAL', {
      what: 'cannot open the terminal',
      reason: String((error as Error).message),
      hint: 'print the table once with --once',
      cause: error,
    })
  }
}

/** Whether stdout is the controlling terminal: its device is in field 7 of /proc/PID/stat, after the parenthesized name. */
function isControllingTerminal(): boolean {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const [, , , , device] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(device) === fstatSync(1).rdev
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
