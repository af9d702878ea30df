import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'

const PASSED_ON = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGCONT'] as const
/** Signals that a terminal sends to its whole foreground process group. */
const FROM_TERMINAL: readonly string[] = ['SIGINT', 'SIGQUIT']

/** Relays signals to a child after its start. */
export interface SignalRelay {
  to(child: ChildProcess): void
}

/**
 * Catches signals until this process ends: a signal before the start of the child, or a second Ctrl-C after it, must
 * not prevent the end of the session from being written. Listeners run between two steps, so the child exists by then.
 */
export function createSignalRelay(): SignalRelay {
  let child: ChildProcess | undefined
  const pass = (signal: NodeJS.Signals) => {
    if (!FROM_TERMINAL.includes(signal) || !isInForeground(child?.pid)) child?.kill(signal)
  }
  for (const signal of PASSED_ON) process.on(signal, pass)
  return {
    to(started) {
      child = started
    },
  }
}

/**
 * Whether the terminal, if it sent the signal, also sent it to the child. The sender of a signal is unknown: a signal
 * that kill(1) sends only to this process looks the same.
 */
function isInForeground(childPid: number | undefined): boolean {
  const own = readGroups('self')
  return own !== null && own.group === own.foreground && readGroups(`${childPid}`)?.group === own.group
}

/**
 * Process group, and foreground process group of the terminal: fields 5 and 8 of /proc/PID/stat, see proc_pid_stat(5).
 */
function readGroups(pid: string): { group: string; foreground: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the name in parentheses. It can contain parentheses and blanks.
    const [, , group = '', , , foreground = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { group, foreground }
  } catch {
    return null
  }
}
