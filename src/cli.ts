#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { findAlias, readAlias } from './aliases/read-alias.js'
import { addAnalyzeCommands } from './analyze/command.js'
import { withHelpOption } from './options/help-option.js'
import { splitOptionalValues } from './options/optional-values.js'
import { outliveTerminal } from './outlive-terminal.js'
import { addRecordCommands } from './record/command.js'
import { describeError } from './report-error.js'
import { commandLineError } from './command-line-error.js'
import { addUsageCommands, tellsUsage } from './usage/command.js'
import { settleHeap } from './settle-heap.js'
import { TOOL_VERSION } from './version.js'

const USAGE_STATUS = 2

const program = new Command('tcpconn')
  .description('Records every outbound TCP connect of a Linux host, with latency and outcome, and analyzes it.')
  .enablePositionalOptions()
  .showSuggestionAfterError()
  // Errors are told at the end of this file.
  .configureOutput({ outputError: () => {} })
  .addHelpText('after', '\nExample:\n  sudo tcpconn record --duration 10m && tcpconn analyze top-endpoints')
  .exitOverride()

/** The name of one of bcc's tools, when a link of that name leads here. */
const alias = findAlias(process.argv[1] ?? '')

// A reader that has seen enough (| head) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') tellOnce(error)
  // What is being recorded is ended as it should be.
  if (!process.stdout.emit('reader-gone')) process.exit()
})
// With nobody left to tell, a recording still ends as it should.
process.stderr.on('error', () => {})
outliveTerminal()

try {
  await run(process.argv.slice(2))
} catch (thrown) {
  process.exitCode = endWith(thrown)
}
settleHeap()

async function run(typed: readonly string[]): Promise<void> {
  const asked = alias === null ? { args: typed } : readAlias(alias, typed)
  if ('text' in asked) return void process.stdout.write(asked.text)
  program.version(await describeVersion(asked.args[0]))
  addRecordCommands(program)
  await addAnalyzeCommands(program, tellsUsage(asked.args) ? ['analyze'] : asked.args)
  addUsageCommands(program)
  await program.parseAsync(withHelpOption(program, splitOptionalValues(asked.args)), { from: 'user' })
}

/** This tool's version on a line of its own; what it depends on below, looked for only when it is asked for. */
async function describeVersion(asked: string | undefined): Promise<string> {
  if (asked !== '--version' && asked !== '-V') return TOOL_VERSION
  const { describeVersions } = await import('./record/probe/describe-versions.js')
  return [TOOL_VERSION, ...(await describeVersions())].join('\n')
}

/** Each line that cannot be written is an error of its own. */
function tellOnce(error: Error): void {
  if (process.exitCode === 1) return
  process.exitCode = 1
  process.stderr.write(`error: cannot write to stdout: ${error.message} [E_STDOUT]\n`)
  process.stderr.write('reason: the file or device that stdout goes to took no more\n')
  process.stderr.write('hint: free some space, or send the output elsewhere\n')
}

/** Says what was thrown, unless it is only the end of --help or --version, and returns the exit status. */
function endWith(thrown: unknown): number {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0
  // Without a command; commander has printed the help already.
  if (thrown instanceof CommanderError && thrown.code === 'commander.help') return USAGE_STATUS
  const { text, exitStatus } = describeError(
    thrown instanceof CommanderError ? commandLineError(thrown) : thrown,
    alias,
  )
  process.stderr.write(text)
  return exitStatus
}
