import { aliasHint } from '../bcc/parse-arguments.js'
import { HELP_HINT, TcpconnError } from '../base/errors.js'
import { nativeModuleFault } from './native-module-fault.js'
import { safeLine } from '../text/safe-text.js'

/** Exit statuses other than 1: invalid usage, invalid SQL, and a command that cannot run, as in shells. */
const EXIT_STATUS: Record<string, number> = {
  E_USAGE: 2,
  E_SQL: 2,
  E_NO_COMMAND: 127,
  E_COMMAND_NOT_EXECUTABLE: 126,
  E_COMMAND_NOT_STARTED: 126,
}

/** How the program was called. */
interface Call {
  /** The name of the bcc tool that the program was called by */
  readonly alias: string | null
  /** Names of the command, like `analyze latency`; '' if there are none */
  readonly command: string
}

/** The text on stderr for any thrown value, and the exit status. */
export function describeError(
  anything: unknown,
  { alias, command }: Call = { alias: null, command: '' },
): { text: string; exitStatus: number } {
  const thrown = nativeModuleFault(anything) ?? anything
  if (thrown instanceof TcpconnError) {
    const what = alias === null ? thrown.message : `${alias}: ${thrown.message}`
    const hint = thrown.hint === HELP_HINT ? helpHint({ alias, command }) : thrown.hint
    const lines = [`error: ${what} [${thrown.code}]`, `reason: ${thrown.reason}`, `hint: ${hint}`]
    return { text: joinLines(lines), exitStatus: EXIT_STATUS[thrown.code] ?? 1 }
  }
  const stack = thrown instanceof Error ? thrown.stack : String(thrown)
  const lines = [
    `error: unexpected: ${String(thrown)} [E_BUG]`,
    'reason: a bug in tcpconn',
    'hint: report it with this:',
    ...String(stack).split('\n'),
  ]
  return { text: joinLines(lines), exitStatus: 1 }
}

function helpHint({ alias, command }: Call): string {
  if (alias !== null) return aliasHint(alias)
  return command === '' ? HELP_HINT : `see tcpconn ${command} --help`
}

/** File names and SQLite messages about a file may be untrusted. */
function joinLines(lines: readonly string[]): string {
  return lines.map((line) => `${safeLine(line)}\n`).join('')
}
