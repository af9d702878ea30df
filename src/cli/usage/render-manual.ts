import type { ArgumentModel, CommandModel, OptionModel, ValueModel } from './command-model.js'

/** The program itself, and its bcc tool names. */
type Programs = readonly [program: CommandModel, ...aliases: CommandModel[]]

/** Sections that the help does not contain. */
const CLOSING = String.raw`.SH EXIT STATUS
.TP
.B 0
Success.
.TP
.B 1
Failure. Standard error has three lines: the error, its reason and a hint.
.TP
.B 2
Invalid command line or SQL.
.PP
.B tcpconn record \-\- COMMAND
exits with the status of the command.
.SH FILES
.TP
.I tcpconn.db
The default trace file of every command, in the working directory.
.TP
.I ~/.config/tcpconn/queries/*.sql
User-defined queries. Below $XDG_CONFIG_HOME if that variable is set.
.SH SEE ALSO
.BR sqlite3 (1),
.BR tcp (7),
.BR cgroups (7)
`

/**
 * The manual page in the man(7) language, with every command and option that the help shows, including those of the bcc
 * tool names.
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
    'Called through a link with one of these names, tcpconn accepts the options of that bcc tool.',
    ...aliases.flatMap(renderCommand),
  ]
  return `${parts.join('\n')}\n${CLOSING}`
}

/** Subcommands replace its own arguments. */
function renderSynopsis({ path, usage, commands }: CommandModel): string {
  const what = commands.length > 0 ? 'SUBCOMMAND [options] [arguments]' : usage
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

/** Options that most commands share with the same description: about twenty queries have them. */
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

/** Examples verbatim, other lines of the help as text. */
function renderClosing(closing: string): string[] {
  if (closing === '') return []
  const lines = closing.split('\n').map((line) => escape(line.replace(/^ {2}/, '')))
  return ['.PP', '.nf', ...lines, '.fi']
}

function renderSentence(text: string): string {
  const [first = '', ...rest] = text
  return escape(`${first.toUpperCase()}${rest.join('')}${text.endsWith('.') ? '' : '.'}`)
}

/** A dot or a quote at the start of a line would be a request. */
function escape(text: string): string {
  const escaped = text.replaceAll('\\', '\\e').replaceAll('-', '\\-')
  return escaped.replace(/^[.']/gm, '\\&$&')
}
