import { Option, type Command } from 'commander'
import { addScopeOptions, refuseSource } from '../analyze/commands/scope-options.js'
import type { RawScope } from '../analyze/options/select-scope.js'
import { UsageError } from '../base/errors.js'
import { addFilterOptions, once } from '../options/add-filter-options.js'
import { addExtras, commandLine } from '../record/command.js'
import { MAP_FILTERS } from '../record/options/flags.js'
import type { WhenReaderGone } from '../record/record-live.js'
import type { RawTopLive } from '../record/top/parse-top-live.js'
import { TOP_DIMENSION_NAMES } from '../top/window/dimensions.js'
import { parseTopOptions, type RawTopOptions } from '../top/top-options.js'

const EXAMPLES = `
Examples:
  sudo tcpconn top                        endpoints of this host
  sudo tcpconn top --by comm -P 443       thread names, only attempts to port 443
  sudo tcpconn top -o tcpconn.db          also record into a trace file
  sudo tcpconn top --once --duration 10s  print the table of ten seconds, also without a terminal
  tcpconn top tcpconn.db --speed 60x      replay a trace, a minute per second
  tcpconn top tcpconn.db --step           replay it second by second, with the key n

The key h lists the keys. q or Ctrl-C quits.`

/** Headings of the options that one of the two sources has. */
const [LIVE, REPLAY] = ['Only without FILE:', 'Only with FILE:']

type RawTop = RawTopOptions & RawTopLive & RawScope & { readonly speed?: string; readonly step?: boolean }

/** Adds `top`: the attempts of this host, or of a trace, as a table. */
export function addTop(program: Command, whenReaderGone: WhenReaderGone): void {
  const command = program
    .command('top')
    .description('show the busiest endpoints, users or processes in a table of the last minute, live or from a trace')
    .argument('[file]', 'trace file to replay; without it, the connects of this host')
    .addOption(
      Object.assign(new Option('--by <dimension>', `rows of the table: ${TOP_DIMENSION_NAMES.join(', ')}`), {
        completes: TOP_DIMENSION_NAMES,
      }).argParser(once('--by')),
    )
    .option('--once', 'print the table once, after --duration (default: 1s) or at the end of the trace')
  addGroup(command, LIVE, () => {
    command.option('--duration <time>', 'stop after this time: 10m, 90 (seconds)', once('--duration'))
    command.option('-o, --output <file>', 'record into this trace file at the same time', once('--output'))
    command.option(
      '--dns',
      'read the DNS name that each address was resolved from, from DNS packets; --dns=libc: from getaddrinfo',
    )
    addExtras(command)
  })
  addGroup(command, REPLAY, () => {
    command.option(
      '--speed <factor>',
      'replay this many times as fast as recorded: 60x, 0.5x (default: 1x)',
      once('--speed'),
    )
    command.option('--step', 'replay second by second: the key n shows the next second with an attempt')
    addScopeOptions(command, ['exact'])
  })
  addFilterOptions(command, { more: MAP_FILTERS })
  refuseSource(command, 'hosts of a server or an archive: tcpconn analyze top-endpoints --from SOURCE --last 1m')
  command.addHelpText('after', EXAMPLES).action(async (file: string | undefined, options: RawTop, self: Command) => {
    refuseOthers(self, file)
    const table = parseTopOptions(options)
    if (file !== undefined) {
      const { topReplay, parseSpeed } = await import('../analyze/top/top-replay.js')
      return topReplay(file, options, { ...table, isPaused: options.step ?? false }, parseSpeed(options))
    }
    const { parseTopLive, parseTopRecording } = await import('../record/top/parse-top-live.js')
    const asked = parseTopLive(options)
    const recording = parseTopRecording(options, asked, commandLine())
    if (recording === null) return (await import('../record/top/top-live.js')).topLive(asked, table)
    const { recordTop } = await import('../record/record-top.js')
    const status = await recordTop(table, recording, whenReaderGone)
    process.exitCode ||= status
  })
}

/** Puts the options that `add` adds below a heading, except those that have one. */
function addGroup(command: Command, heading: string, add: () => void): void {
  const before = command.options.length
  add()
  for (const option of command.options.slice(before)) option.helpGroupHeading ??= heading
}

/** An option of the other source would have no effect. @throws UsageError */
function refuseOthers(command: Command, file: string | undefined): void {
  const isTime = (option: Option) => option.helpGroupHeading === 'Time:'
  const isLive = (option: Option) =>
    option.helpGroupHeading === LIVE || MAP_FILTERS.some(({ flags }) => flags === option.flags)
  const isReplay = (option: Option) => option.helpGroupHeading === REPLAY || isTime(option)
  for (const option of command.options) {
    if (command.getOptionValueSource(option.attributeName()) !== 'cli') continue
    const name = (option.long ?? option.flags).replace(/-value$/, '')
    if (file !== undefined && isLive(option))
      throw new UsageError(name, 'with FILE', 'effect only without FILE: the trace is recorded already')
    if (file === undefined && isReplay(option))
      throw new UsageError(name, 'no FILE', 'effect only with a trace: tcpconn top FILE')
  }
}
