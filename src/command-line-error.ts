import { HELP_HINT, TcpconnError } from './errors.js'

/** Why, for messages of commander that only say what. */
const REASONS: Readonly<Record<string, string>> = {
  'commander.unknownOption': 'the command has no such option',
  'commander.unknownCommand': 'tcpconn has no such command',
  'commander.optionMissingArgument': 'the option takes a value',
  'commander.missingMandatoryOptionValue': 'the command does not work without it',
}

/** What commander throws. */
interface CommanderFault {
  readonly code: string
  /** `error: what`, sometimes with what was probably meant on a second line */
  readonly message: string
}

/** What commander found wrong with the command line, told like every other error. */
export function commandLineError(cause: CommanderFault): TcpconnError {
  const [, text = '', meant] = /^(?:error: )?(.*?)(?:\n\(Did (you mean .*\?)\))?$/s.exec(cause.message) ?? []
  // Some of its messages are two sentences: what, and what is accepted.
  const [, what = text, why] = /^(.*?)\. ([A-Z].*?)\.?$/s.exec(text) ?? []
  return new TcpconnError('E_USAGE', {
    what,
    reason: REASONS[cause.code] ?? why ?? 'the command line is wrong',
    hint: meant === undefined ? HELP_HINT : `did ${meant}`,
    cause,
  })
}
