import { flattenCommands, type CommandModel, type OptionModel } from './command-model.js'

/**
 * A completion script for bash 4.2 or newer; it works with and without the package bash-completion.
 * Which command is meant is found word by word: commands with commands below them have no options with values.
 */
export function renderBash(programs: readonly CommandModel[]): string {
  const commands = programs.flatMap(flattenCommands)
  return `# bash completion of tcpconn, as printed by: tcpconn completion bash

# Sets \`options\`, and what stands beside them: \`words\`, or \`files\` for names of files.
_tcpconn_command() {
  case $1 in
${commands.map(renderCommand).join('\n')}
  esac
}

# What stands behind an option: sets \`value\` to files, nothing, word or words, or to an empty string.
_tcpconn_value() {
  case "$1 $2" in
${commands.flatMap(renderValues).join('\n')}
  esac
}

_tcpconn_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

# Words of a list with commas: what is there already stays.
_tcpconn_list() {
  local before=
  [[ $1 != *,* ]] || before=\${1%,*},
  mapfile -t COMPREPLY < <(compgen -P "$before" -W "$words" -- "\${1##*,}")
}

_tcpconn() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
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
  # bash takes the = of --format=json for a word of its own.
  if [[ $current == = ]]; then current=; elif [[ $previous == = ]]; then previous=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  _tcpconn_value "$command" "$previous"
  case $value in
    files) _tcpconn_files "$current" && return ;;
    word) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current") && return ;;
    words) _tcpconn_list "$current" && return ;;
    nothing) return ;;
  esac
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

/** A line for each option of a command that takes a value. An optional one is only offered where it has words. */
function renderValues({ path, options }: CommandModel): string[] {
  return options.flatMap((option) => {
    const { value } = option
    if (value === null || (value.isOptional && value.words.length === 0)) return []
    const names = namesOf(option).map((name) => `'${[...path, name].join(' ')}'`)
    const words = value.words.length > 0 ? ` words='${value.words.join(' ')}'` : ''
    return [`    ${names.join(' | ')}) value=${value.completion}${words} ;;`]
  })
}

function renderWays(commands: readonly CommandModel[]): string {
  const ways = commands.filter(({ path }) => path.length > 1).map(({ path }) => `'${path.join(' ')}'`)
  return `      ${ways.join(' | ')}) command+=" \${COMP_WORDS[i]}" ;;`
}

function namesOf({ short, long }: OptionModel): string[] {
  return short === null ? [long] : [short, long]
}
