import { Argument, type Command } from 'commander'
import { UsageError } from '../../base/errors.js'
import { nearestName } from '../../text/nearest-name.js'
import { TOOL_VERSION } from '../../base/package.js'

const SHELLS = ['bash', 'zsh', 'fish'] as const

const EXAMPLES = `
Examples:
  tcpconn completion fish >~/.config/fish/completions/tcpconn.fish
  source <(tcpconn completion bash)    in ~/.bashrc; with zsh in ~/.zshrc`

/**
 * Adds `completion`, and `manual`, which the build uses to create the manual page. Both describe the commands of
 * `program`.
 */
export function addUsageCommands(program: Command): void {
  program
    .command('completion')
    .description('print a completion script for a shell')
    .addArgument(shellArgument())
    .addHelpText('after', EXAMPLES)
    .action(async (shell: (typeof SHELLS)[number]) => {
      process.stdout.write((await loadRenderer(shell))(await describePrograms(program)))
    })
  program
    .command('manual', { hidden: true })
    .description('print the manual page, in the man(7) language')
    .action(async () => {
      const { renderManual } = await import('./render-manual.js')
      process.stdout.write(renderManual(await describePrograms(program), TOOL_VERSION))
    })
}

/** Whether a command needs the definitions of all commands, including built-in queries. */
export function isUsageCommand(args: readonly string[]): boolean {
  return args[0] === 'completion' || args[0] === 'manual'
}

function shellArgument(): Argument {
  return new Argument('<shell>', 'shell of the script').choices(SHELLS).argParser((value) => {
    if ((SHELLS as readonly string[]).includes(value)) return value
    throw new UsageError('SHELL', value, SHELLS.join(', '), nearestName(value, SHELLS))
  })
}

/** The program itself and its bcc tool names. */
async function describePrograms(program: Command) {
  const [{ describeCommand }, { describeAliases }] = await Promise.all([
    import('./command-model.js'),
    import('./describe-alias.js'),
  ])
  return [describeCommand(program), ...describeAliases()] as const
}

async function loadRenderer(shell: (typeof SHELLS)[number]) {
  if (shell === 'bash') return (await import('./render-bash.js')).renderBash
  if (shell === 'zsh') return (await import('./render-zsh.js')).renderZsh
  return (await import('./render-fish.js')).renderFish
}
