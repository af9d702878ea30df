import type { EventEmitter } from 'node:events'
import { VALUE_SUFFIX } from '../../options/optional-values.js'
import { OUTCOMES } from '../../attempt/outcome.js'

/** The value of an option, or an argument. */
export interface ValueModel {
  /** As in the help, without brackets: `time`, `files...` */
  readonly name: string
  readonly isOptional: boolean
  /** The value requires a `=`, as in `--dns=libc`. */
  readonly isAttached: boolean
  /** What a shell completes: file names, one word, several words separated by commas, or nothing. */
  readonly completion: 'files' | 'word' | 'words' | 'nothing'
  readonly words: readonly string[]
  /** Whether the help lists the words after the description. */
  readonly isListed: boolean
}

/** An option as shown in the help. */
export interface OptionModel {
  /** `-d`, or `null` */
  readonly short: string | null
  /** `--duration` */
  readonly long: string
  readonly description: string
  /** `null` for a flag */
  readonly value: ValueModel | null
  /** Its heading in the help, like `Filters:` */
  readonly group: string | null
}

export interface ArgumentModel extends ValueModel {
  readonly description: string
}

/** A command of the command line with its arguments and options. */
export interface CommandModel {
  /** `['tcpconn', 'analyze', 'latency']` */
  readonly path: readonly string[]
  readonly description: string
  /** Text after the command name: `[options] [file]` */
  readonly usage: string
  readonly arguments: readonly ArgumentModel[]
  readonly options: readonly OptionModel[]
  /** Help text after the options: examples */
  readonly closing: string
  readonly commands: readonly CommandModel[]
}

/** The used part of commander's Option. */
interface OptionLike {
  readonly short?: string | undefined
  readonly long?: string | undefined
  readonly flags: string
  readonly description: string
  readonly optional: boolean
  readonly argChoices?: readonly string[] | undefined
  /** Accepted words that the help lists in the description. */
  readonly completes?: readonly string[] | undefined
  readonly helpGroupHeading?: string | undefined
}

/** The used part of commander's Argument. */
interface ArgumentLike {
  readonly description: string
  readonly required: boolean
  readonly variadic: boolean
  readonly argChoices?: readonly string[] | undefined
  name(): string
}

/** The used part of commander's Command. */
export interface CommandLike {
  readonly commands: readonly CommandLike[]
  /** Including hidden ones */
  readonly options: readonly OptionLike[]
  name(): string
  description(): string
  usage(): string
  createHelp(): {
    visibleOptions(command: CommandLike): OptionLike[]
    visibleArguments(command: CommandLike): ArgumentLike[]
    visibleCommands(command: CommandLike): CommandLike[]
  }
}

/** A command and its subcommands, except `help`, from commander's model. */
export function describeCommand(command: CommandLike, above: readonly string[] = []): CommandModel {
  const path = [...above, command.name()]
  const help = command.createHelp()
  const below = help.visibleCommands(command).filter((one) => one.name() !== 'help')
  return {
    path,
    description: command.description(),
    usage: command.usage(),
    arguments: help.visibleArguments(command).map(describeArgument),
    options: help.visibleOptions(command).map((option) => describeOption(option, command)),
    closing: readClosing(command),
    commands: below.map((one) => describeCommand(one, path)),
  }
}

/** A command and all its subcommands as one list. */
export function flattenCommands(command: CommandModel): readonly CommandModel[] {
  return [command, ...command.commands.flatMap(flattenCommands)]
}

function describeArgument(argument: ArgumentLike): ArgumentModel {
  const name = argument.variadic ? `${argument.name()}...` : argument.name()
  const value = describeValue(name, argument.argChoices)
  return { ...value, isOptional: !argument.required, description: argument.description }
}

function describeOption(option: OptionLike, command: CommandLike): OptionModel {
  return {
    short: option.short ?? null,
    long: option.long as string,
    description: option.description,
    value: describeOptionValue(option, command),
    group: option.helpGroupHeading ?? null,
  }
}

function describeOptionValue(option: OptionLike, { options }: CommandLike): ValueModel | null {
  const attached = options.find(({ long }) => long === `${option.long}${VALUE_SUFFIX}`)
  const [, name] = /[<[](.+)[>\]]/.exec((attached ?? option).flags) ?? []
  if (name === undefined) return null
  // The list is too long for the choices in the help.
  const outcomes = option.long === '--outcome' ? ['failed', ...OUTCOMES] : undefined
  const words = outcomes ?? option.completes ?? attached?.argChoices
  const value = describeValue(name, words ?? option.argChoices)
  const isAttached = attached !== undefined
  return { ...value, isOptional: isAttached || option.optional, isAttached, isListed: words === undefined }
}

function describeValue(name: string, words: readonly string[] = []): ValueModel {
  const rest = { name, isOptional: false, isAttached: false, words, isListed: true }
  if (words.length > 0) return { ...rest, completion: /^(names|what)$/.test(name) ? 'words' : 'word' }
  // With `analyze sql -f`, the SQL argument is a trace instead.
  return { ...rest, completion: /^(files?|paths?|source|sql)(\.\.\.)?$/.test(name) ? 'files' : 'nothing' }
}

/** commander stores it as an event listener. A command is an EventEmitter, although its types hide that. */
function readClosing(command: CommandLike): string {
  const texts: string[] = []
  const write = (text: string) => void texts.push(text)
  ;(command as unknown as EventEmitter).emit('afterHelp', { error: false, command, write })
  return texts.join('').trim()
}
