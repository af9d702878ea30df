import { UsageError } from '../errors.js'
import { parseDuration } from '../options/parse-duration.js'

/** What the live and the replayed view show. */
export interface ViewOptions {
  readonly timestamp: boolean
  /** Time as the wall clock had it, instead of since the first row */
  readonly wall: boolean
  readonly showUid: boolean
  readonly localPort: boolean
  /** The source port after the remote address, as in the C tools */
  readonly sourcePort: boolean
  /** Whether the columns are those of tcpconnlat */
  readonly latency: boolean
  /** Attempts that took less are left out; 0 for none. Without a latency none is. */
  readonly minLatencyNs: number
  readonly outcome: boolean
  readonly container: boolean
  readonly namespaces: boolean
  /** The name that was looked up, as the last column */
  readonly dns: boolean
  readonly wide: boolean
  readonly json: boolean
  readonly count: boolean
  /** ns between two tables of `count`; `null`: one at the end */
  readonly intervalNs: number | null
}

/** What commander hands over. */
export interface RawViewOptions {
  readonly timestamp?: boolean
  readonly wall?: boolean
  readonly printUid?: boolean
  readonly lport?: boolean
  readonly sourcePort?: boolean
  readonly latency?: boolean | string
  /** `true` without a value; its values are filters, parsed with the others */
  readonly outcome?: boolean | readonly string[] | undefined
  readonly container?: boolean
  readonly namespaces?: boolean
  /** A text where the command has sources to choose from */
  readonly dns?: boolean
  readonly wide?: boolean
  readonly json?: boolean
  readonly count?: boolean
  readonly interval?: string
}

/** Options that both commands take: flags and what they do. */
export const VIEW_FLAGS: readonly (readonly [flags: string, description: string])[] = [
  ['-t, --timestamp', 'time of each attempt, in seconds since the first row'],
  ['--wall', 'time of each attempt by the wall clock, in UTC'],
  ['-U, --print-uid', 'user ids'],
  ['-L, --lport', 'local ports'],
  ['-d, --dns', 'the name that the address was looked up by, in the last column'],
  ['-s, --source-port', 'local ports after the remote address, as the C tools show them'],
  ['--latency [ms]', "tcpconnlat's columns: a row when an attempt ends, with its latency; of at least this many ms"],
  ['--container', 'container or systemd unit'],
  ['--namespaces', 'network and mount namespaces, as inode numbers'],
  ['--wide', 'names and IPv6 addresses in full'],
  ['--json', 'an object a line, with the columns of the view connects'],
  ['-c, --count', 'count attempts by addresses and remote port instead'],
  ['--interval <time>', 'with --count: print the counts again and again: 10s'],
]

/** The option that shows outcomes, and is a filter where it has values. */
export const OUTCOME_FLAG = [
  '--outcome [names]',
  'outcome and SYN retransmits; with names only these: --outcome=failed',
] as const

/** @throws UsageError for options that exclude each other, and wrong values */
export function parseViewOptions(raw: RawViewOptions): ViewOptions {
  const is = (value: boolean | undefined) => value ?? false
  const count = is(raw.count)
  const besideCount = count && (['latency', 'json', 'dns'] as const).find((name) => isGiven(raw[name]))
  if (besideCount) {
    throw new UsageError('--count', `--${besideCount}`, 'none of --latency, --json and --dns: it only counts')
  }
  if (raw.interval !== undefined && !count) throw new UsageError('--interval', raw.interval, '--count beside it')
  if (is(raw.timestamp) && is(raw.wall)) throw new UsageError('--wall', '-t', 'no -t beside it: a row has one time')
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
    wide: is(raw.wide),
    json: is(raw.json),
    count,
    intervalNs: raw.interval === undefined ? null : parseInterval(raw.interval),
  }
}

/** Whether an option that may have a value is there. */
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

/** Whether a row is in the view: with tcpconnlat's columns, what has ended and took long enough. */
export function isShown(row: { readonly latencyNs: number | null }, { latency, minLatencyNs }: ViewOptions): boolean {
  return !latency || (row.latencyNs !== null && row.latencyNs >= minLatencyNs)
}
