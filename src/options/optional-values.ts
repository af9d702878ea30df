import { commandLineError } from '../cli/command-line-error.js'

/** Options whose value requires a `=`: a separate word would be the FILE of `record --dns FILE`. */
const OPTIONS = ['--dns']
const COMMANDS = ['record', 'live', 'top']
/** Suffix of the internal option that receives the value. */
export const VALUE_SUFFIX = '-value'

/**
 * Replaces `--dns=VALUE` by the internal option `--dns-value=VALUE`: commander would take the next word as the value of
 * an option with an optional value. Arguments after `--` stay unchanged.
 * @throws E_USAGE for `--dns-value` on the command line
 */
export function splitOptionalValues(args: readonly string[]): string[] {
  if (!COMMANDS.includes(args[0] ?? '')) return [...args]
  const end = args.indexOf('--')
  return args.map((arg, i) => {
    if (end !== -1 && i > end) return arg
    if (OPTIONS.some((name) => arg.split('=')[0] === `${name}${VALUE_SUFFIX}`)) throw unknownOption(arg)
    const option = OPTIONS.find((name) => arg.startsWith(`${name}=`))
    if (option === undefined) return arg
    return `${option}${VALUE_SUFFIX}${arg.slice(option.length)}`
  })
}

/** The error that commander reports for an unknown option. */
function unknownOption(arg: string) {
  return commandLineError({ code: 'commander.unknownOption', message: `error: unknown option '${arg}'` })
}
