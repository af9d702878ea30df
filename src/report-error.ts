import { TcpconnError } from './errors.js'

/** Exit statuses that are not 1: wrong usage, and a command that could not be run, as shells give them. */
const EXIT_STATUS: Record<string, number> = { E_USAGE: 2, E_NO_COMMAND: 127, E_COMMAND_NOT_EXECUTABLE: 126 }

/** What is said on stderr about anything that was thrown, and the exit status. */
export function describeError(thrown: unknown): { text: string; exitStatus: number } {
  if (thrown instanceof TcpconnError) {
    const lines = [`error: ${thrown.message} [${thrown.code}]`, `reason: ${thrown.reason}`, `hint: ${thrown.hint}`]
    return { text: `${lines.join('\n')}\n`, exitStatus: EXIT_STATUS[thrown.code] ?? 1 }
  }
  const stack = thrown instanceof Error ? thrown.stack : String(thrown)
  const lines = [
    `error: unexpected: ${String(thrown)} [E_BUG]`,
    'reason: a bug in tcpconn',
    'hint: report it with this:',
    stack,
  ]
  return { text: `${lines.join('\n')}\n`, exitStatus: 1 }
}
