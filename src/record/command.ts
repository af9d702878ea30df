import { Option, type Command } from 'commander'
import { HELP_HINT, TcpconnError } from '../base/errors.js'
import { addFilterOptions, collect, createOption, once } from '../options/add-filter-options.js'
import { createValueList } from '../options/value-list.js'
import { OUTCOME_FLAG, VIEW_FLAGS } from '../view/view-options.js'
import type { WhenReaderGone } from './record-live.js'
import type { RawLiveOptions } from './live/parse-live-options.js'
import type { RawOptions } from './options/parse-record-options.js'
import { MAP_FILTERS, METRICS_FLAGS } from './options/flags.js'
import { DEFAULT_DNS_PORTS, DNS_SOURCES } from './options/record-options.js'
import { MAX_DNS_PORTS } from './event/wire.gen.js'

/** Adds `record`, `live` and `doctor`. Their code is loaded when they run, because it loads libbpf. */
export function addRecordCommands(program: Command, whenReaderGone: WhenReaderGone): void {
  addRecord(program)
  addLive(program, whenReaderGone)
  program
    .command('doctor')
    .description('check whether this host can record, and report missing requirements')
    .addOption(hostRootOption())
    .addHelpText('after', DOCTOR_EXAMPLES)
    .action(async (options: { readonly hostRoot?: string }) => {
      const [{ runDoctor }, { parseHost }] = await Promise.all([
        import('./doctor/run-doctor.js'),
        import('./options/parse-record-options.js'),
      ])
      process.exitCode = runDoctor(parseHost(options))
    })
}

function addRecord(program: Command): void {
  const command = program
    .command('record')
    .description('record every outbound TCP connect of this host, or of one command, into a trace file')
    .argument('[file]', 'trace file; recording into an existing trace adds a session', 'tcpconn.db')
    .usage('[options] [file] [-- COMMAND [ARGUMENT…]]')
    .allowExcessArguments()
    .option('-d, --duration <time>', 'stop after this time: 10m, 1h30m, 90 (seconds)', once('--duration'))
    .option(
      '--rotate <limit>',
      'start a new file after this time or size: 1h, 500MB; file names are timestamped',
      once('--rotate'),
    )
    .option(
      '--keep <limit>',
      'with --rotate: remove the oldest files beyond this age or total size: 7d, 5GB',
      once('--keep'),
    )
    .option('-q, --quiet', 'no status line and no summary, only errors and losses')
    .option(
      '--dns',
      'record the DNS name that each address was resolved from, from DNS packets; --dns=libc: from getaddrinfo',
    )
    .option(
      '--nat',
      'record the destination behind address translation (DNAT) and, with socket load balancing, the address that the program requested',
    )
  addExtras(command)
  for (const declaration of METRICS_FLAGS) command.addOption(createOption(declaration))
  addFilterOptions(command, { more: MAP_FILTERS, isRecording: true })
  command.addHelpText('after', EXAMPLES).action(async (file: string, options: RawOptions, self: Command) => {
    const [{ parseRecordOptions }, { record }] = await Promise.all([
      import('./options/parse-record-options.js'),
      import('./record.js'),
    ])
    const { trace, run } = splitCommand(self, file)
    process.exitCode = await record(parseRecordOptions(options, trace, run, commandLine()))
  })
}

function addLive(program: Command, whenReaderGone: WhenReaderGone): void {
  const command = program
    .command('live')
    .description('show connects as they happen, with the columns of tcpconnect and tcpconnlat')
    .option('--duration <time>', 'stop after this time: 10m, 90 (seconds)', once('--duration'))
    .option('-o, --output <file>', 'record into this trace file at the same time', once('--output'))
  for (const [flags, description] of VIEW_FLAGS) command.option(flags, description)
  addExtras(command)
  const outcomes = createValueList()
  command.addOption(new Option(...OUTCOME_FLAG).argParser(outcomes.add))
  // --container is a column.
  addFilterOptions(command, { more: MAP_FILTERS, isRecording: true })
  command.addHelpText('after', LIVE_EXAMPLES).action(async (options: RawLiveOptions) => {
    const { parseLiveOptions, parseRecordingOptions } = await import('./live/parse-live-options.js')
    const asked = parseLiveOptions({ ...options, outcome: outcomes.chosen(options.outcome) })
    const recording = parseRecordingOptions(options, asked, commandLine())
    if (recording === null) return (await import('./live/live.js')).live(asked)
    const { recordLive } = await import('./record-live.js')
    const status = await recordLive(asked, recording, whenReaderGone)
    // An error on stdout may have set it already.
    process.exitCode ||= status
  })
}

const DOCTOR_EXAMPLES = `
Examples:
  sudo tcpconn doctor
  tcpconn doctor --host-root /mnt/host  in a container with the host's root at /mnt/host`

const hostRootOption = () =>
  new Option(
    '--host-root <path>',
    "in a container: mount point of the host's root directory; detected at /host or with --pid=host",
  ).argParser(once('--host-root'))

/** Options of `record`, `live` and `top` besides `--dns`. */
export function addExtras(command: Command): void {
  command.option(
    '--dns-port <ports>',
    `with --dns: ports of the name servers instead of ${DEFAULT_DNS_PORTS.join()}, up to ${MAX_DNS_PORTS}: 53,5353`,
    collect,
  )
  command.option(
    '--local-errors',
    'also record connects that fail before a SYN is sent: no route, denied; slows down every system call a little',
  )
  command.addOption(hostRootOption())
  // Internal option, set by splitOptionalValues from `--dns=VALUE`.
  command.addOption(new Option('--dns-value <source>').choices(DNS_SOURCES).argParser(once('--dns')).hideHelp())
}

const LIVE_EXAMPLES = `
Examples:
  sudo tcpconn live -t -U              the columns of tcpconnect -t -U
  sudo tcpconn live --latency 10       as tcpconnlat 10: attempts of 10 ms or longer
  sudo tcpconn live --outcome=failed --container
  sudo tcpconn live --nat --wide       with the pods behind Kubernetes services
  sudo tcpconn live -c --interval 10s  counts instead of rows
  sudo tcpconn live -o tcpconn.db      also record into a trace file

Ctrl-C stops it.`

const EXAMPLES = `
Examples:
  sudo tcpconn record --duration 10m               every connect of this host, into ./tcpconn.db
  sudo tcpconn record web.db -P 80,443 -u www-data  only connects of user www-data, to two ports
  sudo tcpconn record --outcome failed --dst 10.0.0.0/8
  sudo tcpconn record --pod shop/cart-0            only connects of this pod, which runs now
  sudo tcpconn record --dns --local-errors         with DNS names, and connects that fail before a SYN
  sudo tcpconn record --dns --dns-port 53,5353     with DNS names, also from name servers on port 5353
  sudo tcpconn record --dns --nat                  with the pods behind Kubernetes services
  sudo tcpconn record --rotate 1h --keep 7d        one file per hour, kept for a week
  sudo tcpconn record --metrics 127.0.0.1:9435     also serve metrics for Prometheus
  sudo tcpconn record -- curl https://example.org  only connects of this command and its descendants
  tcpconn record --host-root /mnt/host             in a container with the host's root at /mnt/host

Ctrl-C ends the recording. Exit status: 0, 1 after an error, 2 for a wrong command line; with COMMAND, its status.`

/** commander removes the --. The command is everything after it in the original arguments. */
function splitCommand(self: Command, file: string): { trace: string | undefined; run: string[] } {
  const separator = process.argv.indexOf('--')
  const run = separator === -1 ? [] : process.argv.slice(separator + 1)
  if (separator !== -1 && run.length === 0) {
    throw wrongUse(
      'no command after --',
      'record -- requires a command, like: tcpconn record -- curl https://example.org',
    )
  }
  const positional = self.args.length - run.length
  if (positional > 1) {
    throw wrongUse(`${positional} files given`, 'record takes one trace file; a command goes after --')
  }
  return { trace: positional === 0 ? undefined : file, run }
}

function wrongUse(what: string, reason: string): TcpconnError {
  return new TcpconnError('E_USAGE', { what, reason, hint: HELP_HINT })
}

/** As typed, without node and the path of this program. */
export function commandLine(): string {
  return ['tcpconn', ...process.argv.slice(2)].map(quote).join(' ')
}

function quote(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`
}
