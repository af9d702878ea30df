/** The used part of commander's Command. */
interface CommandTree {
  readonly commands: readonly CommandTree[]
  name(): string
}

/**
 * Converts `help analyze latency` and `analyze help latency` to `analyze latency --help`. Commander's own `help` does
 * not know subcommands of subcommands.
 * @param program with every command; an unknown command is returned without the option, and commander reports it
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
