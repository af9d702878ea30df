import { flattenCommands, type ArgumentModel, type CommandModel, type OptionModel } from './command-model.js'

/** A completion script for zsh: a file `_tcpconn` in $fpath, or sourced after compinit. */
export function renderZsh(programs: readonly CommandModel[]): string {
  const names = programs.map(({ path }) => path[0]).join(' ')
  return `#compdef ${names}
# zsh completion of tcpconn, as printed by: tcpconn completion zsh

${programs.flatMap(flattenCommands).map(renderFunction).join('\n\n')}

_tcpconn() {
  case $service in
${programs.map(({ path }) => `    ${path[0]}) __${path[0]} ;;`).join('\n')}
  esac
}

# Autoloaded, it completes at once; sourced, it only registers itself.
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _tcpconn "$@"; else compdef _tcpconn ${names}; fi
`
}

function renderFunction(command: CommandModel): string {
  const specs = command.options.map(renderOption)
  return command.commands.length > 0 ? renderGroup(command, specs) : renderLeaf(command, specs)
}

/** A command with subcommands; $line[1] is the typed subcommand. */
function renderGroup(command: CommandModel, specs: readonly string[]): string {
  const names = command.commands.map((one) => quote(`${lastOf(one).replaceAll(':', '\\:')}:${one.description}`))
  const cases = command.commands.map((one) => `        ${lastOf(one)}) ${functionOf(one)} ;;`)
  return `${functionOf(command)}() {
  local context state state_descr line curcontext=$curcontext
  typeset -A opt_args
  _arguments -C \\
${specs.map((spec) => `    ${spec} \\`).join('\n')}
    '1: :->command' '*:: :->rest'
  case $state in
    command)
      local -a commands=(
${names.map((name) => `        ${name}`).join('\n')}
      )
      _describe -t commands command commands
      ;;
    rest)
      case $line[1] in
${cases.join('\n')}
      esac
      ;;
  esac
}`
}

function renderLeaf(command: CommandModel, specs: readonly string[]): string {
  const all = [...specs, ...command.arguments.map(renderArgument)].map((spec) => ` \\\n    ${spec}`)
  const rest = command.usage.includes('-- COMMAND') ? COMMAND_LINE : ''
  return `${functionOf(command)}() {${rest}
  _arguments -s -S${all.join('')}
}`
}

/** The words after -- are a separate command line. */
const COMMAND_LINE = `
  local -i at=\${words[(i)--]}
  if ((at < CURRENT)); then
    words=("\${(@)words[at + 1, -1]}")
    ((CURRENT -= at))
    _normal
    return
  fi`

function renderArgument({ name, ...argument }: ArgumentModel): string {
  const position = name.endsWith('...') ? '*' : argument.isOptional ? ':' : ''
  return quote(`${position}:${name.replace('...', '')}:${actionOf(argument)}`)
}

/** An option with a value is repeatable: filters add up. */
function renderOption({ short, long, description, value }: OptionModel): string {
  const text = `[${description.replace(/[[\]\\]/g, '\\$&')}]`
  const colon = value?.isOptional ? '::' : ':'
  const what = value === null ? '' : `${colon}${value.name}:${actionOf(value)}`
  const name = value === null ? long : `${long}${value.isAttached ? '=-' : '='}`
  if (short === null) return quote(`${value === null ? '' : '*'}${name}${text}${what}`)
  // With a value, -d would consume the next word.
  if (value?.isAttached) return `${quote(`${short}${text}`)} ${quote(`*${name}${text}${what}`)}`
  const rule = value === null ? `(${short} ${long})` : '*'
  const shortName = value === null ? short : `${short}+`
  return `${quote(rule)}{${quote(shortName)},${quote(name)}}${quote(`${text}${what}`)}`
}

function actionOf({ completion, words }: Pick<ArgumentModel, 'completion' | 'words'>): string {
  if (completion === 'files') return '_files'
  if (completion === 'word') return `(${words.join(' ')})`
  if (completion === 'words') return `_sequence compadd - ${words.join(' ')}`
  return ' '
}

/** Two underscores: zsh itself calls `_tcpconn`. */
function functionOf({ path }: CommandModel): string {
  return `__${path.join('_').replaceAll('-', '_')}`
}

function lastOf(command: CommandModel): string {
  return command.path.at(-1) as string
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
