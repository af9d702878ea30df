import { commandLineError } from '../command-line-error.js'

/** Options whose value stands behind `=` or nowhere: as a word of its own it would be the FILE of `record --dns FILE`. */
const OPTIONS = ['--dns']
const COMMANDS = ['record', 'live']
/** Behind the name of such an option: the one that its value becomes. */
export const VALUE_SUFFIX = '-value'

/**
 * The arguments with `--dns=VALUE` as `--dns-value=VALUE`, an option of its own: commander takes the next word for the value of
 * an option that may have one. What stands after `--` is left alone.
 * @throws E_USAGE for `--dns-value` itself: nobody types it
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

/** As commander refuses one. */
function unknownOption(arg: string) {
  return commandLineError({ code: 'commander.unknownOption', message: `error: unknown option '${arg}'` })
}
