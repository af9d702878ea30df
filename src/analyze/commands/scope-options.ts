import { Option, type Command } from 'commander'
import { addFilterOptions, once } from '../../options/add-filter-options.js'
import { TcpconnError, UsageError } from '../../base/errors.js'
import { nearestName } from '../../text/nearest-name.js'

/**
 * Adds the options that select attempts, see select-scope.ts.
 * @param left names of options to leave out
 */
export function addScopeOptions(command: Command, left: readonly string[] = []): void {
  const add = (option: Option) => (left.includes(option.name()) ? command : command.addOption(option))
  const one = (flags: string, description: string, group: string) =>
    add(new Option(flags, description).helpGroup(group))
  one('--session <number>', 'this session, or all (default: the newest)', 'Time:')
  one(
    '--since <time>',
    'from this time on: 2026-01-31T10:00:00Z, "2026-01-31 10:00" or 10:00 (local), +5m, -5m',
    'Time:',
  )
  one('--until <time>', 'up to this time; +5m counts from the beginning of the sessions, -5m from their end', 'Time:')
  one('--last <duration>', 'only the last part of the trace: 1h', 'Time:')
  addFilterOptions(command, { left })
  add(new Option('--exact', 'compute percentiles from every value instead of from histograms'))
}

/**
 * Adds the options that name a server instead of files, see source/from-source.ts.
 * @param left names of options to leave out
 */
export function addSourceOptions(command: Command, left: readonly string[] = []): void {
  for (const option of sourceOptions()) {
    if (!left.includes(option.name())) command.addOption(option.helpGroup('Server:'))
  }
}

/** Makes `--from` of a command that reads neither servers nor archives an error. @param instead what to do */
export function refuseSource(command: Command, instead: string): void {
  const refuse = () => {
    throw new TcpconnError('E_USAGE', {
      what: `${command.name()} does not accept --from`,
      reason: 'it reads trace files, not a server or an archive',
      hint: instead,
    })
  }
  command.addOption(new Option('--from <source>').argParser(refuse).hideHelp())
}

function sourceOptions(): Option[] {
  return [
    new Option(
      '--from <source>',
      'instead of files, a ClickHouse server: clickhouse://USER@HOST:PORT/DATABASE; or an archive of export --partition: s3://BUCKET/PREFIX or a directory; --last counts back from now',
    ).argParser(once('--from')),
    new Option('--host <names>', 'with --from: only these hosts, like web1,web2; repeatable').argParser(
      (text: string, previous: string[] = []) => [...previous, ...parseHosts(text)],
    ),
    new Option(
      '--password-file <file>',
      'file with the password of the server (default: the environment variable TCPCONN_CLICKHOUSE_PASSWORD)',
    ),
    new Option('--ca-file <file>', 'certificates in PEM that sign the certificate of the server or of the S3 endpoint'),
  ]
}

/** @throws UsageError */
function parseHosts(text: string): string[] {
  const hosts = text.split(',')
  if (hosts.every((host) => host !== '')) return hosts
  throw new UsageError('--host', text, 'names of hosts, like web1 or web1,web2')
}

/** An option with a fixed set of values. Its error suggests the nearest value. */
export function choiceOption(flags: string, description: string, choices: readonly string[]): Option {
  const option = new Option(flags, description).choices(choices)
  return option.argParser((value) => {
    if (choices.includes(value)) return value
    throw new UsageError(option.long ?? flags, value, choices.join(', '), nearestName(value, choices))
  })
}
