#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { findAlias, readAlias } from './bcc/read-alias.js'
import { withHelpOption } from './options/help-option.js'
import { splitOptionalValues } from './options/optional-values.js'
import { outliveTerminal } from './base/outlive-terminal.js'
import { addCommands } from './commands/add-commands.js'
import { describeError } from './cli/report-error.js'
import { requireUtf8 } from './cli/require-utf8.js'
import { commandLineError } from './cli/command-line-error.js'
import { addUsageCommands, isUsageCommand } from './cli/usage/command.js'
import { avoidExitHang } from './cli/avoid-exit-hang.js'
import { TOOL_VERSION } from './base/package.js'

const USAGE_STATUS = 2

const program = new Command('tcpconn')
  .description('Records every outbound TCP connect of a Linux host, with latency and outcome, and analyzes it.')
  .enablePositionalOptions()
  .showSuggestionAfterError()
  // The end of this file reports errors.
  .configureOutput({ outputError: () => {} })
  .addHelpText('after', '\nExample:\n  sudo tcpconn record --duration 10m && tcpconn analyze top-endpoints')
  .exitOverride()

/** Set if the program was called through a link with the name of a bcc tool. */
const alias = findAlias(process.argv[1] ?? '')

/** Called when the reader of stdout has closed the pipe. A recording ends cleanly. */
const reader = { gone: () => process.exit() as void }

// A closed pipe (| head) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') reportOnce(error)
  reader.gone()
})
// A recording ends cleanly even if stderr is closed.
process.stderr.on('error', () => {})
outliveTerminal()

try {
  await run(process.argv.slice(2))
} catch (thrown) {
  process.exitCode = endWith(thrown)
}
avoidExitHang()

async function run(typed: readonly string[]): Promise<void> {
  requireUtf8(typed)
  const asked = alias === null ? { args: typed } : readAlias(alias, typed)
  if ('text' in asked) return void process.stdout.write(asked.text)
  program.version(await describeVersion(asked.args[0]))
  await addCommands(program, isUsageCommand(asked.args) ? ['analyze'] : asked.args, (end) => (reader.gone = end))
  addUsageCommands(program)
  await program.parseAsync(withHelpOption(program, splitOptionalValues(asked.args)), { from: 'user' })
}

/** The version of this tool on the first line. --version adds the versions of its dependencies. */
async function describeVersion(asked: string | undefined): Promise<string> {
  if (asked !== '--version' && asked !== '-V') return TOOL_VERSION
  const { describeVersions } = await import('./record/probe/describe-versions.js')
  return [TOOL_VERSION, ...(await describeVersions())].join('\n')
}

/** Every line that cannot be written raises an error of its own; only the first is reported. */
function reportOnce(error: Error): void {
  if (process.exitCode === 1) return
  process.exitCode = 1
  process.stderr.write(`error: cannot write to stdout: ${error.message} [E_STDOUT]\n`)
  process.stderr.write('reason: the file or device behind stdout accepts no more data\n')
  process.stderr.write('hint: free some space, or send the output elsewhere\n')
}

/** Reports a thrown value and returns the exit status. --help and --version also end by throwing. */
function endWith(thrown: unknown): number {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0
  // No command given: commander has already printed the help.
  if (thrown instanceof CommanderError && thrown.code === 'commander.help') return USAGE_STATUS
  const { text, exitStatus } = describeError(thrown instanceof CommanderError ? commandLineError(thrown) : thrown, {
    alias,
    command: namedCommand(program, process.argv.slice(2)),
  })
  process.stderr.write(text)
  return exitStatus
}

/** The command at the beginning of the arguments, with its subcommand, as `analyze latency`; '' without a command. */
function namedCommand(parent: Command, [name, ...rest]: readonly string[]): string {
  const command = parent.commands.find((one) => one.name() === name)
  return command === undefined ? '' : `${command.name()} ${namedCommand(command, rest)}`.trim()
}
