import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'

const PASSED_ON = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGCONT'] as const
/** What a terminal sends to its whole foreground process group. */
const FROM_TERMINAL: readonly string[] = ['SIGINT', 'SIGQUIT']

/** Passes signals on to a child, once there is one. */
export interface SignalRelay {
  to(child: ChildProcess): void
}

/**
 * From now on signals are caught, until this process ends: one that comes before the child, or a second Ctrl-C after it, must
 * not keep the session from its goodbye. Listeners run between two steps, so that one before the child finds it there.
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
 * Whether the terminal, if it sent the signal, sent it to the child as well. A signal does not tell who sent it: one that
 * kill(1) sends to this process alone looks just the same then.
 */
function isInForeground(childPid: number | undefined): boolean {
  const own = readGroups('self')
  return own !== null && own.group === own.foreground && readGroups(`${childPid}`)?.group === own.group
}

/** Process group, and that in the foreground of its terminal: fields 5 and 8 of /proc/PID/stat, see proc_pid_stat(5). */
function readGroups(pid: string): { group: string; foreground: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the name in parentheses and may hold any of them, and blanks.
    const [, , group = '', , , foreground = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { group, foreground }
  } catch {
    return null
  }
}
