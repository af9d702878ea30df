import { flattenCommands, type CommandModel, type OptionModel, type ValueModel } from './command-model.js'

const HELPERS = `_tcpconn_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

# Completes the last word of a comma-separated list.
_tcpconn_list() {
  local before=
  [[ $1 != *,* ]] || before=\${1%,*},
  mapfile -t COMPREPLY < <(compgen -P "$before" -W "$words" -- "\${1##*,}")
}
`

/**
 * A completion script for bash 4.2 or newer, with or without the package bash-completion. The script finds the command
 * word by word: commands with subcommands have no options with values.
 */
export function renderBash(programs: readonly CommandModel[]): string {
  const commands = programs.flatMap(flattenCommands)
  return `# bash completion of tcpconn, as printed by: tcpconn completion bash

# Sets \`options\`, and \`words\` or \`files\` for the arguments of the command.
_tcpconn_command() {
  case $1 in
${commands.map(renderCommand).join('\n')}
  esac
}

# Sets \`value\` to the kind of value an option takes: files, nothing, word, words, or an empty string without a value.
# With \`attached\` the value follows a =.
_tcpconn_value() {
  case "$1 $2" in
${commands.flatMap(renderValues).join('\n')}
  esac
}

${HELPERS}
_tcpconn() {
  local at=$COMP_CWORD current=\${COMP_WORDS[COMP_CWORD]} previous attached=
  local command=\${COMP_WORDS[0]##*/} options= words= files= value= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} == -- ]]; then
      if ((i + 1 < COMP_CWORD)); then _tcpconn_files "$current"; else mapfile -t COMPREPLY < <(compgen -c -- "$current"); fi
      return
    fi
    case "$command \${COMP_WORDS[i]}" in
${renderWays(commands)}
    esac
  done
  # bash splits words at the : of 12:30 and fe80::1, and at the = of --format=json.
  while ((at > 1)) && [[ \${COMP_WORDS[at]} == :* || \${COMP_WORDS[at - 1]} == :* ]]; do ((at--)); done
  previous=\${COMP_WORDS[at - 1]}
  if [[ \${COMP_WORDS[at]} == = ]]; then
    attached=yes current=
  elif [[ $previous == = ]]; then
    attached=yes previous=\${COMP_WORDS[at - 2]}
  fi
  _tcpconn_value "$command" "$previous"
  case $value in
    files) _tcpconn_files "$current" && return ;;
    word) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current") && return ;;
    words) _tcpconn_list "$current" && return ;;
    nothing) return ;;
  esac
  [[ -z $attached ]] || return
  _tcpconn_command "$command"
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [[ -z $files ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  else
    _tcpconn_files "$current"
  fi
}

complete -F _tcpconn ${programs.map(({ path }) => path[0]).join(' ')}
`
}

function renderCommand(command: CommandModel): string {
  const words = [...command.commands.map((one) => one.path.at(-1)), ...command.arguments.flatMap((one) => one.words)]
  const files = command.arguments.some(({ completion }) => completion === 'files')
    ? 'files=yes'
    : `words='${words.join(' ')}'`
  return `    '${command.path.join(' ')}')
      options='${command.options.flatMap(namesOf).join(' ')}'
      ${files}
      ;;`
}

/** A line for each option of a command that takes a value. An optional value is completed only if it has words. */
function renderValues({ path, options }: CommandModel): string[] {
  return options.flatMap((option) => {
    const { value } = option
    if (value === null || (value.isOptional && value.words.length === 0)) return []
    if (value.isAttached) return [renderAttachedValue(path, option.long, value)]
    const names = namesOf(option).map((name) => `'${[...path, name].join(' ')}'`)
    const words = value.words.length > 0 ? ` words='${value.words.join(' ')}'` : ''
    return [`    ${names.join(' | ')}) value=${value.completion}${words} ;;`]
  })
}

function renderAttachedValue(path: readonly string[], long: string, { completion, words }: ValueModel): string {
  const name = `'${[...path, long].join(' ')}'`
  return `    ${name}) [[ -z $attached ]] || value=${completion} words='${words.join(' ')}' ;;`
}

function renderWays(commands: readonly CommandModel[]): string {
  const ways = commands.filter(({ path }) => path.length > 1).map(({ path }) => `'${path.join(' ')}'`)
  return `      ${ways.join(' | ')}) command+=" \${COMP_WORDS[i]}" ;;`
}

function namesOf({ short, long }: OptionModel): string[] {
  return short === null ? [long] : [short, long]
}
