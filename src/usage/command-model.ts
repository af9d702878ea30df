import type { EventEmitter } from 'node:events'
import { VALUE_SUFFIX } from '../options/optional-values.js'
import { OUTCOMES } from '../store/outcome.js'

/** What can stand behind an option, or as an argument. */
export interface ValueModel {
  /** As help shows it, without brackets: `time`, `files...` */
  readonly name: string
  readonly isOptional: boolean
  /** It stands behind a `=` or not at all: as in `--dns=libc`. */
  readonly isAttached: boolean
  /** What a shell can complete: names of files, one of some words, several of them with commas, or nothing. */
  readonly completion: 'files' | 'word' | 'words' | 'nothing'
  readonly words: readonly string[]
  /** Whether help lists the words beside the description. */
  readonly isListed: boolean
}

/** An option as help shows it. */
export interface OptionModel {
  /** `-d`, or `null` */
  readonly short: string | null
  /** `--duration` */
  readonly long: string
  readonly description: string
  /** `null` for one that takes none */
  readonly value: ValueModel | null
  /** The heading that it stands under, like `Filters:` */
  readonly group: string | null
}

export interface ArgumentModel extends ValueModel {
  readonly description: string
}

/** A command of the command line, and all that it takes. */
export interface CommandModel {
  /** `['tcpconn', 'analyze', 'latency']` */
  readonly path: readonly string[]
  readonly description: string
  /** What stands behind the name: `[options] [file]` */
  readonly usage: string
  readonly arguments: readonly ArgumentModel[]
  readonly options: readonly OptionModel[]
  /** What help says after the options: examples */
  readonly closing: string
  readonly commands: readonly CommandModel[]
}

/** What is needed of commander's Option. */
interface OptionLike {
  readonly short?: string | undefined
  readonly long?: string | undefined
  readonly flags: string
  readonly description: string
  readonly optional: boolean
  readonly argChoices?: readonly string[] | undefined
  /** Words that it takes, which help tells in its description. */
  readonly completes?: readonly string[] | undefined
  readonly helpGroupHeading?: string | undefined
}

/** What is needed of commander's Argument. */
interface ArgumentLike {
  readonly description: string
  readonly required: boolean
  readonly variadic: boolean
  readonly argChoices?: readonly string[] | undefined
  name(): string
}

/** What is needed of commander's Command. */
export interface CommandLike {
  readonly commands: readonly CommandLike[]
  /** With those that help leaves out */
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

/** A command with all commands below it, but for `help`, as commander has them. */
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

/** A command and all below it, in one list. */
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
  // Their list is too long for help's own list of choices.
  const outcomes = option.long === '--outcome' ? ['failed', ...OUTCOMES] : undefined
  const words = outcomes ?? option.completes ?? attached?.argChoices
  const value = describeValue(name, words ?? option.argChoices)
  const isAttached = attached !== undefined
  return { ...value, isOptional: isAttached || option.optional, isAttached, isListed: words === undefined }
}

function describeValue(name: string, words: readonly string[] = []): ValueModel {
  const rest = { name, isOptional: false, isAttached: false, words, isListed: true }
  if (words.length > 0) return { ...rest, completion: /^(names|what)$/.test(name) ? 'words' : 'word' }
  // A trace may stand where `analyze sql -f` leaves no room for SQL.
  return { ...rest, completion: /^(files?|path|sql)(\.\.\.)?$/.test(name) ? 'files' : 'nothing' }
}

/** commander keeps it as a listener that writes; it is an EventEmitter, although its types do not say so. */
function readClosing(command: CommandLike): string {
  const texts: string[] = []
  const write = (text: string) => void texts.push(text)
  ;(command as unknown as EventEmitter).emit('afterHelp', { error: false, command, write })
  return texts.join('').trim()
}
