import { flattenCommands, type CommandModel, type OptionModel, type ValueModel } from './command-model.js'

/** A completion script for fish 3.0 or newer. */
export function renderFish(programs: readonly CommandModel[]): string {
  const commands = programs.flatMap(flattenCommands)
  const names = programs.map(({ path }) => path[0] as string)
  return `# fish completion of tcpconn, as printed by: tcpconn completion fish

# Whether the words before the cursor name a command. Ignores options and files.
function __tcpconn_is
    set -l words (commandline -opc)
    set -l command (string replace -r '.*/' '' -- $words[1])
    for word in $words[2..-1]
        test $word = --; and return 1
        switch "$command $word"
            case ${commands
              .filter(({ path }) => path.length > 1)
              .map(({ path }) => `'${path.join(' ')}'`)
              .join(' ')}
                set command "$command $word"
        end
    end
    test $command = "$argv"
end

# Completes files only as arguments, not after the = of an option.
function __tcpconn_takes_files
    __tcpconn_is $argv; and not string match -q -- '-*' (commandline -ct)
end

# Completes the last word of a comma-separated list.
function __tcpconn_list
    set -l before (commandline -ct | string replace -r -- '^-.*=' '' | string match -r -- '.*,')
    printf '%s\\n' "$before"$argv
end

# Completes the words after -- as a separate command line.
function __tcpconn_behind
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words); or return 1
    complete -C (string join ' ' -- (string escape -- $words[(math $at + 1)..-1]) (commandline -ct))
end

${names.map((name) => `complete -c ${name} -f`).join('\n')}
complete -c tcpconn -n 'contains -- -- (commandline -opc)' -xa '(__tcpconn_behind)'
${commands.flatMap(renderCommand).join('\n')}
`
}

function renderCommand(command: CommandModel): string[] {
  const when = (test: string) => `complete -c ${command.path[0]} -n ${quote(`${test} ${command.path.join(' ')}`)}`
  const start = when('__tcpconn_is')
  const below = command.commands.map(
    (one) => `${start} -a ${quote(one.path.at(-1) as string)} -d ${quote(one.description)}`,
  )
  const values = command.arguments.flatMap((argument) => {
    if (argument.completion === 'files') return [`${when('__tcpconn_takes_files')} -F`]
    return argument.words.length > 0 ? [`${start} -a ${quote(argument.words.join(' '))}`] : []
  })
  return [...below, ...values, ...command.options.map((option) => `${start} ${renderOption(option)}`)]
}

function renderOption({ short, long, description, value }: OptionModel): string {
  const names = short === null ? `-l ${long.slice(2)}` : `-s ${quote(short.slice(1))} -l ${long.slice(2)}`
  return [names, `-d ${quote(description)}`, ...(value === null ? [] : [renderValue(value)])].join(' ').trimEnd()
}

/** fish completes the optional value of an option only as --option=value. */
function renderValue({ completion, words, isOptional }: ValueModel): string {
  const required = isOptional ? '' : '-x '
  if (completion === 'files') return '-rF'
  if (completion === 'word') return `${required}-a ${quote(words.join(' '))}`
  if (completion === 'words') return `${required}-a ${quote(`(__tcpconn_list ${words.join(' ')})`)}`
  return required.trimEnd()
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`
}
