import { Option, type Command } from 'commander'
import { HELP_HINT, TcpconnError, UsageError } from '../errors.js'
import { createValueList } from '../options/value-list.js'
import { OUTCOME_FLAG, VIEW_FLAGS } from '../view/view-options.js'
import type { RawLiveOptions } from './options/parse-live-options.js'
import type { RawOptions } from './options/parse-record-options.js'
import { DNS_SOURCES } from './options/probe-options.js'

const collect = (value: string, previous: string[] = []) => [...previous, value]

/** Of two values one would be ignored, and not even be looked at. */
const once = (option: string) => (value: string, previous?: string) => {
  if (previous === undefined) return value
  throw new UsageError(option, value, `one value, and ${JSON.stringify(previous)} was given before`)
}

/** Adds `record`, `live` and `doctor`. What they do is loaded only when they run: it brings libbpf along. */
export function addRecordCommands(program: Command): void {
  addRecord(program)
  addLive(program)
  program
    .command('doctor')
    .description('check whether this host can record, and say exactly what is missing')
    .addHelpText('after', '\nExample:\n  sudo tcpconn doctor')
    .action(async () => {
      const { runDoctor } = await import('./doctor/run-doctor.js')
      process.exitCode = runDoctor()
    })
}

function addRecord(program: Command): void {
  const command = program
    .command('record')
    .description('record every outbound TCP connect of this host, or of one command, into a trace file')
    .argument('[file]', 'trace file; a second recording into it adds a session', 'tcpconn.db')
    .usage('[options] [file] [-- COMMAND [ARGUMENT…]]')
    .allowExcessArguments()
    .option('-d, --duration <time>', 'stop after this time: 10m, 1h30m, 90 (seconds)', once('--duration'))
    .option(
      '--rotate <limit>',
      'go on in a new file after this time or size: 1h, 500MB; names get the time',
      once('--rotate'),
    )
    .option(
      '--keep <limit>',
      'with --rotate: remove older files of it beyond this age or total size: 7d, 5GB',
      once('--keep'),
    )
    .addOption(new Option(...DNS_OPTION))
    .addOption(new Option(...LOCAL_ERRORS_OPTION))
    .option('-q, --quiet', 'no status line and no summary; errors and losses are still told')
  addDnsValue(command)
  addFilterOptions(command)
  command.addHelpText('after', EXAMPLES).action(async (file: string, options: RawOptions, self: Command) => {
    const [{ parseRecordOptions }, { record }] = await Promise.all([
      import('./options/parse-record-options.js'),
      import('./record.js'),
    ])
    const { trace, run } = splitCommand(self, file)
    process.exitCode = await record(parseRecordOptions(options, trace, run, commandLine()))
  })
}

function addLive(program: Command): void {
  const command = program
    .command('live')
    .description('show connects as they happen, with the columns of tcpconnect and tcpconnlat')
    .option('--duration <time>', 'stop after this time: 10m, 90 (seconds)', once('--duration'))
    .option('-o, --output <file>', 'record into this trace file at the same time', once('--output'))
  for (const [flags, description] of VIEW_FLAGS) command.option(flags, description)
  command.addOption(new Option(...LOCAL_ERRORS_OPTION))
  addDnsValue(command)
  const outcomes = createValueList()
  command.addOption(new Option(...OUTCOME_FLAG).argParser(outcomes.add))
  addFilterOptions(command)
  command.addHelpText('after', LIVE_EXAMPLES).action(async (options: RawLiveOptions) => {
    const { parseLiveOptions, parseRecordingOptions } = await import('./options/parse-live-options.js')
    const asked = parseLiveOptions({ ...options, outcome: outcomes.chosen(options.outcome) })
    const recording = parseRecordingOptions(options, asked, commandLine())
    if (recording === null) return (await import('./live/live.js')).live(asked)
    const { recordLive } = await import('./live/record-live.js')
    // A full disk behind stdout has set it already.
    process.exitCode ||= await recordLive(asked, recording)
  })
}

const DNS_OPTION = [
  '--dns',
  'the name that each attempt was made by, from DNS packets; --dns=libc: from getaddrinfo',
] as const
const LOCAL_ERRORS_OPTION = [
  '--local-errors',
  'connects that fail before a SYN leaves, too: no route, denied; slows every system call a little',
] as const

/** What splitOptionalValues makes of `--dns=VALUE`. */
function addDnsValue(command: Command): void {
  command.addOption(new Option('--dns-value <source>').choices(DNS_SOURCES).argParser(once('--dns')).hideHelp())
}

const LIVE_EXAMPLES = `
Examples:
  sudo tcpconn live -t -U              as tcpconnect -t -U shows them
  sudo tcpconn live --latency 10       as tcpconnlat 10: what took 10 ms or longer
  sudo tcpconn live --outcome=failed --container
  sudo tcpconn live -c --interval 10s  counts instead of rows
  sudo tcpconn live -o tcpconn.db      and record what is shown

Stop it with Ctrl-C.`

/** Filters work in the kernel; what they leave out costs next to nothing. */
function addFilterOptions(command: Command): void {
  const list = (flags: string, description: string) => {
    const option = new Option(flags, description).argParser(collect).helpGroup('Filters:')
    // `live` has an --outcome of its own, which shows it too.
    if (!command.options.some(({ long }) => long === option.long)) command.addOption(option)
  }
  const flag = (flags: string, description: string) =>
    command.addOption(new Option(flags, description).helpGroup('Filters:'))
  const one = (name: string, value: string, description: string) =>
    command.addOption(new Option(`${name} ${value}`, description).argParser(once(name)).helpGroup('Filters:'))
  list('-p, --pid <pids>', 'only these processes: 1234 or 1234,5678')
  list('-u, --uid <users>', 'only these users, by number or name: 1000,www-data')
  list('-P, --port <ports>', 'only these remote ports: 80,443')
  flag('-4, --ipv4', 'only IPv4, IPv4-mapped addresses included')
  flag('-6, --ipv6', 'only IPv6')
  list('--comm <name>', 'only threads of this name; repeat it for more')
  list('--dst <networks>', 'only these remote addresses or networks: 10.0.0.0/8')
  one('--min-latency', '<time>', 'only attempts that took at least this long: 5ms')
  list(
    '--outcome <names>',
    'only these: failed, established, refused, timed_out, unreachable, reset, cancelled, local_error, pending',
  )
  list('--cgroup <path>', 'only processes in this cgroup and below it; repeat it for more')
  one('--cgroupmap', '<path>', "only cgroups in this pinned BPF map, as bcc's tools take it")
  one('--mntnsmap', '<path>', "only mount namespaces in this pinned BPF map, as bcc's tools take it")
}

const EXAMPLES = `
Examples:
  sudo tcpconn record --duration 10m               every connect of this host, into ./tcpconn.db
  sudo tcpconn record web.db -P 80,443 -u www-data  only what user www-data connects to, on two ports
  sudo tcpconn record --outcome failed --dst 10.0.0.0/8
  sudo tcpconn record --dns --local-errors         with names, and connects that fail before a SYN
  sudo tcpconn record --rotate 1h --keep 7d        a file an hour, tcpconn-20261125T221500Z.db, for a week
  sudo tcpconn record -- curl https://example.org  only what this command and its children do

Stop it with Ctrl-C. The exit status is that of the command after --, else 0.`

/** commander drops the --: what stands behind it in the original arguments is the command. */
function splitCommand(self: Command, file: string): { trace: string | undefined; run: string[] } {
  const separator = process.argv.indexOf('--')
  const run = separator === -1 ? [] : process.argv.slice(separator + 1)
  if (separator !== -1 && run.length === 0) {
    throw wrongUse(
      'nothing stands after --',
      'after -- comes a command, like: tcpconn record -- curl https://example.org',
    )
  }
  const positional = self.args.length - run.length
  if (positional > 1) {
    throw wrongUse(`${positional} files are named`, 'record takes one trace file; a command goes after --')
  }
  return { trace: positional === 0 ? undefined : file, run }
}

function wrongUse(what: string, reason: string): TcpconnError {
  return new TcpconnError('E_USAGE', { what, reason, hint: HELP_HINT })
}

/** As typed, without node and the path of this program. */
function commandLine(): string {
  return ['tcpconn', ...process.argv.slice(2)].map(quote).join(' ')
}

function quote(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`
}
