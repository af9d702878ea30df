import type { ArgumentModel, CommandModel, OptionModel, ValueModel } from './command-model.js'

/** The program itself, and the other names that it answers to. */
type Programs = readonly [program: CommandModel, ...aliases: CommandModel[]]

/** What help has no place for. */
const CLOSING = String.raw`.SH EXIT STATUS
.TP
.B 0
All is well.
.TP
.B 1
It failed; stderr has three lines: what, why, and what to do next.
.TP
.B 2
The command line, or SQL, is wrong.
.PP
.B tcpconn record \-\- COMMAND
ends with the status of the command.
.SH FILES
.TP
.I tcpconn.db
The trace that every command reads or writes where none is named, in the working directory.
.TP
.I ~/.config/tcpconn/queries/*.sql
Stored queries of one's own; of $XDG_CONFIG_HOME where that is set.
.SH SEE ALSO
.BR sqlite3 (1),
.BR tcp (7),
.BR cgroups (7)
`

/**
 * The manual page of a program in the man(7) language, with every command and option that its help shows, and those of
 * other names that it answers to.
 */
export function renderManual([program, ...aliases]: Programs, version: string): string {
  const name = program.path.join(' ')
  const [first = '', ...rest] = program.description.replace(/\.$/, '')
  const parts = [
    `.TH ${name.toUpperCase()} 1 "" "${name} ${escape(version)}" "User Commands"`,
    '.SH NAME',
    `${name} \\- ${escape(first.toLowerCase() + rest.join(''))}`,
    '.SH SYNOPSIS',
    program.commands.map(renderSynopsis).join('\n.br\n'),
    '.SH DESCRIPTION',
    escape(program.description),
    ...renderClosing(program.closing),
    '.SH OPTIONS',
    ...program.options.map(renderOption),
    '.SH COMMANDS',
    ...program.commands.flatMap(renderCommand),
    '.SH OTHER NAMES',
    'By way of a link of one of these names it takes the command line of that tool of bcc.',
    ...aliases.flatMap(renderCommand),
  ]
  return `${parts.join('\n')}\n${CLOSING}`
}

/** Commands below it stand in for its own arguments. */
function renderSynopsis({ path, usage, commands }: CommandModel): string {
  const what = commands.length > 0 ? 'QUERY [options] [arguments]' : usage
  return `.B ${escape(path.join(' '))}\n${escape(what)}`
}

function renderCommand(command: CommandModel): string[] {
  const common = findCommonOptions(command.commands)
  const isCommon = (option: OptionModel) => common.some((one) => isSame(one, option))
  return [
    `.SS ${escape(command.path.join(' '))} ${escape(command.usage)}`,
    renderSentence(command.description),
    ...command.arguments.map(renderArgument),
    ...command.options.map(renderOption),
    ...renderClosing(command.closing),
    ...command.commands.flatMap((one) =>
      renderCommand({ ...one, options: one.options.filter((option) => !isCommon(option)) }),
    ),
    ...(common.length > 0
      ? [`.SS Options of every ${escape(command.path.join(' '))}`, ...common.map(renderOption)]
      : []),
  ]
}

/** Options that most commands have, with the same words: twenty queries share as many. */
function findCommonOptions(commands: readonly CommandModel[]): readonly OptionModel[] {
  const [first, ...others] = commands
  return (first?.options ?? []).filter((option) =>
    others.every((one) => one.options.some((two) => isSame(option, two))),
  )
}

function isSame(one: OptionModel, other: OptionModel): boolean {
  return one.long === other.long && one.description === other.description
}

function renderArgument({ name, description, words }: ArgumentModel): string {
  return `.TP\n\\fI${escape(name)}\\fR\n${escape([description, ...words].join(', '))}`
}

function renderOption({ short, long, value, description }: OptionModel): string {
  const names = [...(short === null ? [] : [short]), long].map((name) => `\\fB${escape(name)}\\fR`).join(', ')
  const words = value?.completion === 'word' && value.isListed ? `: ${value.words.join(', ')}` : ''
  const term = value === null ? names : `${names}${renderPlaceholder(value)}`
  return `.TP\n${term}\n${escape(description + words)}`
}

function renderPlaceholder({ name, isOptional, isAttached }: ValueModel): string {
  if (isAttached) return `[=\\fI${escape(name)}\\fR]`
  return ` \\fI${escape(isOptional ? `[${name}]` : `<${name}>`)}\\fR`
}

/** Examples as they are, other lines of help as text. */
function renderClosing(closing: string): string[] {
  if (closing === '') return []
  const lines = closing.split('\n').map((line) => escape(line.replace(/^ {2}/, '')))
  return ['.PP', '.nf', ...lines, '.fi']
}

function renderSentence(text: string): string {
  const [first = '', ...rest] = text
  return escape(`${first.toUpperCase()}${rest.join('')}${text.endsWith('.') ? '' : '.'}`)
}

/** A dot or a quote at the beginning of a line would be a request. */
function escape(text: string): string {
  const escaped = text.replaceAll('\\', '\\e').replaceAll('-', '\\-')
  return escaped.replace(/^[.']/gm, '\\&$&')
}
