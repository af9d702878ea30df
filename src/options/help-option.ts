/** What is needed of commander's Command. */
interface CommandTree {
  readonly commands: readonly CommandTree[]
  name(): string
}

/**
 * Arguments that ask for help in words, as those with the option: `help analyze latency` and `analyze help latency` are
 * `analyze latency --help`. Commander's own `help` knows no commands of commands.
 * @param program with every command; one that it does not have stays without the option, and is the error that it is
 */
export function withHelpOption(program: CommandTree, args: readonly string[]): readonly string[] {
  const at = args[0] === 'analyze' ? 1 : 0
  if (args[at] !== 'help') return args
  const found: string[] = []
  let command: CommandTree = program
  for (const word of args.toSpliced(at, 1)) {
    if (word.startsWith('-') || command.commands.length === 0) break
    const next = command.commands.find((one) => one.name() === word)
    found.push(word)
    if (next === undefined) return found
    command = next
  }
  return [...found, '--help']
}
