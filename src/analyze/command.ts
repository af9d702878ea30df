import { Option, type Command } from 'commander'
import { UsageError } from '../errors.js'
import { safeLine } from '../show/safe-text.js'
import type { AnalyzeOptions } from './analyze.js'
import type { StoredQuery } from './queries/stored-query.js'

const DEFAULT_FILE = 'tcpconn.db'

/**
 * Adds `analyze`, with a subcommand per stored query, and `info`. Stored queries bring kysely along, which would cost
 * `record` a tenth of its start: they are loaded only when the command line speaks of `analyze`.
 */
export async function addAnalyzeCommands(program: Command, args: readonly string[]): Promise<void> {
  const catalogue = args.includes('analyze') ? (await import('./queries/catalogue.js')).CATALOGUE : []
  addAnalyze(program, catalogue)
  addInfo(program)
}

function addAnalyze(program: Command, catalogue: readonly StoredQuery[]): void {
  const command = program
    .command('analyze')
    .description('ask a stored query about a trace; works on any machine, without root')
    .option('--list', 'list the stored queries')
    .allowExcessArguments()
    .addHelpText('after', '\nExamples:\n  tcpconn analyze --list\n  tcpconn analyze top-endpoints tcpconn.db')
    .action((options: { list?: boolean }, self: Command) => {
      const [unknown] = self.args
      if (unknown !== undefined) throw new UsageError('QUERY', unknown, catalogue.map((query) => query.name).join(', '))
      if (!options.list) return self.help({ error: true })
      for (const query of catalogue) process.stdout.write(`${query.name.padEnd(16)}${query.description}\n`)
    })
  for (const query of catalogue) addQuery(command, query)
}

function addInfo(program: Command): void {
  program
    .command('info')
    .description('say what a trace is: sessions, host, filters, time, outcomes, loss, completeness, size')
    .argument('[file]', 'trace file', DEFAULT_FILE)
    .addHelpText('after', '\nExample:\n  tcpconn info tcpconn.db')
    .action(async (file: string) => {
      const { describeTrace } = await import('./info/describe-trace.js')
      for (const line of describeTrace(file)) process.stdout.write(`${safeLine(line)}\n`)
    })
}

function addQuery(parent: Command, query: StoredQuery): void {
  parent
    .command(query.name)
    .description(query.description)
    .argument('[file]', 'trace file', DEFAULT_FILE)
    .allowExcessArguments(false)
    .option('--session <number>', 'this session, or all; the newest without it')
    .option('--limit <rows>', 'rows at most; 20 in a table and all in JSON without it')
    .addOption(new Option('--format <format>', 'how to print it').choices(['table', 'json']).default('table'))
    .addHelpText('after', `\nExample:\n  ${query.example}`)
    .action(async (file: string, options: AnalyzeOptions) => {
      const { analyze } = await import('./analyze.js')
      analyze(query, file, options)
    })
}
