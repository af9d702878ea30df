import { HELP_HINT, TcpconnError } from '../base/errors.js'

/** Reasons for commander messages that lack one. */
const REASONS: Readonly<Record<string, string>> = {
  'commander.unknownOption': 'the command has no such option',
  'commander.unknownCommand': 'tcpconn has no such command',
  'commander.optionMissingArgument': 'the option takes a value',
  'commander.missingMandatoryOptionValue': 'the command requires it',
}

/** An error thrown by commander. */
interface CommanderFault {
  readonly code: string
  /** `error: what`, sometimes with a suggestion on a second line */
  readonly message: string
}

/** Converts an error of commander into the common error format. */
export function commandLineError(cause: CommanderFault): TcpconnError {
  const [, text = '', meant] = /^(?:error: )?(.*?)(?:\n\(Did (you mean .*\?)\))?$/s.exec(cause.message) ?? []
  // Some messages have two sentences: the error, and the accepted values.
  const [, what = text, why] = /^(.*?)\. ([A-Z].*?)\.?$/s.exec(text) ?? []
  return new TcpconnError('E_USAGE', {
    what,
    reason: REASONS[cause.code] ?? why ?? 'invalid command line',
    hint: meant === undefined ? HELP_HINT : `did ${meant}`,
    cause,
  })
}
