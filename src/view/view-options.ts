import { UsageError } from '../base/errors.js'
import { parseDuration } from '../options/parse-duration.js'

/** Options of the live and replayed view. */
export interface ViewOptions {
  readonly timestamp: boolean
  /** Wall-clock time instead of time since the first row */
  readonly wall: boolean
  readonly showUid: boolean
  readonly localPort: boolean
  /** The source port after the remote address, as in the libbpf tools */
  readonly sourcePort: boolean
  /** Whether to use the columns of tcpconnlat */
  readonly latency: boolean
  /** Attempts with a lower latency are omitted; 0: none. Has no effect without a latency. */
  readonly minLatencyNs: number
  readonly outcome: boolean
  readonly container: boolean
  readonly namespaces: boolean
  /** The DNS name, as the last column */
  readonly dns: boolean
  /** The translated destination, and the requested address */
  readonly nat: boolean
  readonly wide: boolean
  readonly json: boolean
  readonly count: boolean
  /** ns between two tables of `count`; `null`: one table at the end */
  readonly intervalNs: number | null
}

/** Options from commander. */
export interface RawViewOptions {
  readonly timestamp?: boolean
  readonly wall?: boolean
  readonly printUid?: boolean
  readonly lport?: boolean
  readonly sourcePort?: boolean
  readonly latency?: boolean | string
  /** `true` without a value; values are filters, parsed with the others */
  readonly outcome?: boolean | readonly string[] | undefined
  readonly container?: boolean
  readonly namespaces?: boolean
  /** A string if the command has several sources */
  readonly dns?: boolean
  readonly nat?: boolean
  readonly wide?: boolean
  readonly json?: boolean
  readonly count?: boolean
  readonly interval?: string
}

/** Options of both commands: flags and descriptions. */
export const VIEW_FLAGS: readonly (readonly [flags: string, description: string])[] = [
  ['-t, --timestamp', 'time of each attempt, in seconds since the first row'],
  ['--wall', 'wall-clock time of each attempt, in UTC'],
  ['-U, --print-uid', 'user ids'],
  ['-L, --lport', 'local ports'],
  ['-d, --dns', 'the DNS name that the address was resolved from, in the last column'],
  ['-s, --source-port', "local ports after the remote address, as in bcc's libbpf tools"],
  [
    '--latency [ms]',
    'columns of tcpconnlat: attempts that have ended, with their latency; with a value, only those of at least this many ms',
  ],
  ['--container', 'name of the container, otherwise its id, or the systemd unit'],
  ['--namespaces', 'network and mount namespaces, as inode numbers'],
  [
    '--nat',
    'the destination behind address translation (DNAT) and, with socket load balancing, the address that the program requested',
  ],
  ['--wide', 'do not truncate names and IPv6 addresses; also containers, pods and images'],
  ['--json', 'one JSON object per line, with the columns of the view connects'],
  ['-c, --count', 'counts by addresses and remote port instead of rows'],
  ['--interval <time>', 'with --count: print the counts at this interval: 10s'],
]

/** The option for the outcome column; with values also a filter. */
export const OUTCOME_FLAG = [
  '--outcome [names]',
  'outcome and SYN retransmits; with names, only these outcomes: --outcome=failed',
] as const

/** @throws UsageError for conflicting options and invalid values */
export function parseViewOptions(raw: RawViewOptions): ViewOptions {
  const is = (value: boolean | undefined) => value ?? false
  const count = is(raw.count)
  const besideCount = count && (['latency', 'json', 'dns', 'nat'] as const).find((name) => isGiven(raw[name]))
  if (besideCount) {
    throw new UsageError('--count', `--${besideCount}`, 'none of --latency, --json, --dns and --nat: it only counts')
  }
  if (raw.interval !== undefined && !count)
    throw new UsageError('--interval', raw.interval, 'a value only together with --count')
  if (is(raw.timestamp) && is(raw.wall)) throw new UsageError('--wall', '-t', 'no -t: a row has one timestamp')
  return {
    timestamp: is(raw.timestamp),
    wall: is(raw.wall),
    showUid: is(raw.printUid),
    localPort: is(raw.lport),
    sourcePort: is(raw.sourcePort),
    latency: isGiven(raw.latency),
    minLatencyNs: typeof raw.latency === 'string' ? parseMilliseconds(raw.latency) : 0,
    outcome: isGiven(raw.outcome),
    container: is(raw.container),
    namespaces: is(raw.namespaces),
    dns: isGiven(raw.dns),
    nat: is(raw.nat),
    wide: is(raw.wide),
    json: is(raw.json),
    count,
    intervalNs: raw.interval === undefined ? null : parseInterval(raw.interval),
  }
}

/** Whether an option with an optional value is given. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== false
}

function parseMilliseconds(text: string): number {
  const ns = parseDuration(text, 'ms')
  if (ns !== null) return ns
  throw new UsageError('--latency', text, 'milliseconds like 10 or 0.5, a duration like 5ms, or nothing')
}

function parseInterval(text: string): number {
  const ns = parseDuration(text)
  if (ns !== null && ns > 0) return ns
  throw new UsageError('--interval', text, 'a duration like 10s (a number alone is in seconds)')
}

/** Whether a row is in the view: with the columns of tcpconnlat, only ended attempts of the minimum latency. */
export function isShown(row: { readonly latencyNs: number | null }, { latency, minLatencyNs }: ViewOptions): boolean {
  return !latency || (row.latencyNs !== null && row.latencyNs >= minLatencyNs)
}
