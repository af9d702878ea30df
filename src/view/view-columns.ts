import { formatTime } from '../show/format-time.js'
import type { ConnectRow } from './connect-row.js'
import { queryText } from './query-text.js'
import type { ViewOptions } from './view-options.js'

/** A column of the view: left-aligned, in the order and with the widths of bcc's tools. */
export interface ViewColumn {
  readonly heading: string
  /** The last column is not padded. */
  readonly width: number
  /** Whether it may hold spaces, and escapes what steers a terminal itself: only the last one */
  readonly isFree?: true
  /** @param firstNs `startedNs` of the first row */
  text(row: ConnectRow, firstNs: number): string
}

/** bcc cuts names here; a thread's name has up to 15 bytes. */
const COMM_WIDTH = 12
const WIDE_COMM_WIDTH = 16
const ADDRESS_WIDTH = 16
/** The longest IPv6 address. */
const WIDE_ADDRESS_WIDTH = 39
const UNKNOWN = '-'

/** tcpconnect's columns, or tcpconnlat's with `latency`, and those that the options add. */
export function viewColumns(options: ViewOptions): readonly ViewColumn[] {
  const { latency, wide } = options
  const commWidth = wide ? WIDE_COMM_WIDTH : COMM_WIDTH
  const addressWidth = wide ? WIDE_ADDRESS_WIDTH : ADDRESS_WIDTH
  const when = (isShown: boolean, heading: string, width: number, text: ViewColumn['text']): ViewColumn[] =>
    isShown ? [{ heading, width, text }] : []
  const column = (heading: string, width: number, text: ViewColumn['text']) => when(true, heading, width, text)
  return [
    ...when(options.timestamp, 'TIME(s)', 8, (row, firstNs) => ((row.startedNs - firstNs) / 1e9).toFixed(3)),
    ...when(options.wall, 'TIME', 24, (row) => formatTime(row.unixNs, 3).replace(' ', 'T')),
    ...when(options.showUid, 'UID', 5, (row) => String(row.uid ?? UNKNOWN)),
    ...column('PID', 7, (row) => String(row.pid ?? UNKNOWN)),
    ...column('COMM', commWidth, (row) => (wide ? (row.comm ?? UNKNOWN) : cut(row.comm ?? UNKNOWN))),
    ...column('IP', 2, (row) => String(row.family)),
    ...column('SADDR', addressWidth, (row) => row.localAddress ?? UNKNOWN),
    ...when(options.localPort, 'LPORT', 6, (row) => String(row.localPort ?? UNKNOWN)),
    ...column('DADDR', addressWidth, (row) => row.remoteAddress),
    ...when(options.sourcePort, 'SPORT', 5, (row) => String(row.localPort ?? UNKNOWN)),
    ...column('DPORT', latency ? 5 : 6, (row) => String(row.remotePort)),
    ...when(latency, 'LAT(ms)', 8, (row) => (row.latencyNs === null ? UNKNOWN : (row.latencyNs / 1e6).toFixed(2))),
    ...when(options.outcome, 'OUTCOME', 11, (row) => row.outcome),
    ...when(options.outcome, 'RETR', 4, (row) => String(row.synRetransmits ?? UNKNOWN)),
    ...when(options.namespaces, 'NETNS', 10, (row) => String(row.netns ?? UNKNOWN)),
    ...when(options.namespaces, 'MNTNS', 10, (row) => String(row.mntns ?? UNKNOWN)),
    ...when(options.container, 'CONTAINER', 16, (row) => row.container ?? UNKNOWN),
    ...(options.dns ? [{ heading: 'QUERY', width: 0, isFree: true, text: queryText } as const] : []),
  ]
}

/** By characters: a name may hold any of them. */
function cut(comm: string): string {
  return [...comm].slice(0, COMM_WIDTH).join('')
}
