import { Option, type Command } from 'commander'
import { UsageError } from '../base/errors.js'
import { nearestName } from '../text/nearest-name.js'
import { safeLine } from '../text/safe-text.js'
import type { AnalyzeOptions } from './analyze.js'
import { addExport } from './commands/export.js'
import { addReplay } from './commands/replay.js'
import { addScopeOptions, addSourceOptions, choiceOption, refuseSource } from './commands/scope-options.js'
import { addReport } from './commands/report.js'
import { addReveal } from './commands/reveal.js'
import { addShare } from './commands/share.js'
import type { QueryOption, StoredQuery } from './query/stored-query.js'
import { FORMAT_NAMES } from './result/format.js'
import type { UserQuery } from './sql/user-queries.js'

const DEFAULT_FILE = 'tcpconn.db'
const EXAMPLES = `
Examples:
  tcpconn analyze --list
  tcpconn analyze top-endpoints tcpconn.db
  tcpconn analyze latency --by host --from clickhouse://reader@db.example/tcpconn --since 1h
  tcpconn analyze top-endpoints --from s3://archive/connects --host web1 --since 1d`
const SQL_DESCRIPTION = 'run one SQL statement over the view connects, read-only'
const SQL_LIMIT = 'print at most this many rows (default: 1,000 in a table, 100,000 in other formats)'
const SQL_OF_SOURCE =
  'use SQL of the server, or of a program that reads Parquet (docs/fleet.md), or export first: tcpconn export --from SOURCE --format parquet -o attempts.parquet'
/** Options that parameters of user queries cannot replace. */
const OUTPUT_OPTIONS = ['format', 'output', 'limit', 'sort', 'exact', 'help']

/**
 * Adds `analyze`, with a subcommand per built-in query, and `info`. Loads the built-in queries only if the command line contains
 * `analyze`: they import kysely, which takes a tenth of the start time of `record`.
 */
export async function addAnalyzeCommands(program: Command, args: readonly string[]): Promise<void> {
  const isAsked = args.includes('analyze')
  const catalogue = isAsked ? (await import('./queries/catalogue.js')).CATALOGUE : []
  const names = [...catalogue.map((query) => query.name), 'sql', 'help']
  const users = isAsked ? await readOwnQueries(names, args) : []
  addAnalyze(program, catalogue, users)
  addExport(program)
  addReplay(program)
  addReport(program)
  addShare(program)
  addReveal(program)
  addInfo(program)
}

/** Reports invalid query files when queries are listed, or when one of them is called. */
async function readOwnQueries(reserved: readonly string[], args: readonly string[]): Promise<readonly UserQuery[]> {
  const { queryDirectory, readUserQueries } = await import('./sql/user-queries.js')
  const { queries, warnings } = readUserQueries(queryDirectory(), { reserved, options: OUTPUT_OPTIONS })
  const named = args.find((arg) => !arg.startsWith('-') && arg !== 'analyze' && arg !== 'help')
  for (const [name, warning] of warnings) {
    if (args.includes('--list') || name === named) process.stderr.write(`${safeLine(warning)}\n`)
  }
  return queries
}

function addAnalyze(program: Command, catalogue: readonly StoredQuery[], users: readonly UserQuery[]): void {
  const listed = [...catalogue, { name: 'sql', description: SQL_DESCRIPTION }, ...users.map(({ query }) => query)]
  const command = program
    .command('analyze')
    .description('run a built-in query over a trace; works on any Linux machine, without root')
    .option('--list', 'list the queries')
    .allowExcessArguments()
    // Options of an unknown query are not the error.
    .allowUnknownOption()
    .addHelpText('after', EXAMPLES)
    .action((options: { list?: boolean }, self: Command) => {
      const [unknown] = self.args
      if (unknown !== undefined) throw unknownQuery(unknown, listed)
      if (!options.list) return self.help({ error: true })
      for (const line of listQueries(listed)) process.stdout.write(`${line}\n`)
    })
  for (const query of catalogue) addQuery(command, query)
  addSql(command)
  for (const query of users) addUserQuery(command, query)
}

type ListedQuery = Pick<StoredQuery, 'name' | 'description'>

/** All queries with their descriptions, one per line. */
function listQueries(listed: readonly ListedQuery[]): string[] {
  const width = Math.max(...listed.map((query) => query.name.length))
  return listed.map(({ name, description }) => safeLine(`${name.padEnd(width)}  ${description}`))
}

function unknownQuery(name: string, listed: readonly ListedQuery[]): UsageError {
  const names = listed.map((query) => query.name)
  return new UsageError('QUERY', name, names.join(', '), nearestName(name, [...names, '--list']))
}

function addInfo(program: Command): void {
  const command = program
    .command('info')
    .description('describe a trace: sessions, host, filters, time, outcomes, loss, completeness, size')
    .argument('[file]', 'trace file', DEFAULT_FILE)
    .addHelpText('after', '\nExample:\n  tcpconn info tcpconn.db')
    .action(async (file: string) => {
      const { describeTrace } = await import('./info/describe-trace.js')
      for (const line of describeTrace(file)) process.stdout.write(`${safeLine(line)}\n`)
    })
  refuseSource(command, 'sessions of a server or an archive: tcpconn analyze summary --from SOURCE')
}

function addQuery(parent: Command, query: StoredQuery): void {
  const command = parent
    .command(query.name)
    .description(query.description)
    .argument('[files...]', 'trace files, analyzed as one trace', [DEFAULT_FILE])
  for (const option of query.options ?? []) command.addOption(queryOption(option))
  addScopeOptions(command)
  addSourceOptions(command)
  addOutputOptions(command)
  command
    .option('--limit <rows>', 'print at most this many rows (default: 20 in a table, all in other formats)')
    .option('--sort <column>', 'sort by this column: numbers in descending order, texts in ascending order')
    .addHelpText('after', `\nExample:\n  ${query.example}`)
    .action(async (_: string[], options: AnalyzeOptions, self: Command) => {
      const { analyze } = await import('./analyze.js')
      await analyze(query, self.args, options)
    })
}

function queryOption({ flags, description, words }: QueryOption): Option {
  return Object.assign(new Option(flags, description), { completes: words })
}

function addSql(parent: Command): void {
  const command = parent
    .command('sql')
    .description(SQL_DESCRIPTION)
    .argument('[sql]', 'SELECT, WITH, VALUES or EXPLAIN; with -f, the first trace file')
    .argument('[files...]', 'trace files; with several, connects has a column host')
    .option('-f, --file <file>', 'read the statement from this file')
  addScopeOptions(command, ['exact'])
  refuseSource(command, SQL_OF_SOURCE)
  addOutputOptions(command)
  command
    .option('--limit <rows>', SQL_LIMIT)
    .addHelpText(
      'after',
      `\nThere is no --sort: use ORDER BY.\n\nExample:\n  tcpconn analyze sql 'SELECT comm, count(*) FROM connects GROUP BY comm'`,
    )
    .action(
      async (sql: string | undefined, files: string[], { file, ...options }: AnalyzeOptions & { file?: string }) => {
        const { readSql } = await import('./sql/read-sql.js')
        const asked = readSql(sql, files, file)
        await runSql(asked.query, asked.files, options)
      },
    )
}

function addUserQuery(parent: Command, { query, parameters }: UserQuery): void {
  const command = parent
    .command(query.name)
    .description(safeLine(query.description))
    .argument('[files...]', 'trace files; with several, connects has a column host')
  for (const name of parameters) command.requiredOption(`--${name} <value>`, `value of :${name}`)
  // A parameter replaces a filter of the same name.
  addScopeOptions(command, [...parameters, 'exact'])
  if (!parameters.includes('from')) refuseSource(command, SQL_OF_SOURCE)
  addOutputOptions(command)
  command
    .option('--limit <rows>', SQL_LIMIT)
    .addHelpText('after', `\nExample:\n  ${safeLine(query.example)}`)
    .action((files: string[], options: AnalyzeOptions) => runSql(query, files, options, parameters))
}

/** The values of parameters, which are not filters of the same name. */
async function runSql(
  query: StoredQuery,
  files: readonly string[],
  options: AnalyzeOptions,
  parameters: readonly string[] = [],
): Promise<void> {
  const { analyze } = await import('./analyze.js')
  const entries = Object.entries(options)
  const values = Object.fromEntries(entries.filter(([name]) => parameters.includes(name)))
  const others = Object.fromEntries(entries.filter(([name]) => !parameters.includes(name)))
  const isReport = options.format === 'table' || options.format === 'markdown'
  const run: StoredQuery['run'] = (scope, settings) => {
    const result = query.run(scope, { ...settings, values })
    // Data formats have no notes, but missing data must be reported.
    if (!isReport) for (const note of result.notes) process.stderr.write(`${safeLine(note)}\n`)
    return result
  }
  const limit = options.limit ?? (isReport ? '1000' : '100000')
  await analyze({ ...query, run }, files, {
    ...others,
    format: options.format,
    limit,
  })
}

function addOutputOptions(command: Command): void {
  command
    .addOption(choiceOption('--format <format>', 'output format', FORMAT_NAMES).default('table'))
    .option('-o, --output <file>', 'write to this new file, which appears when it is complete; - is stdout')
}
