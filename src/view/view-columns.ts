import { nameEndpoint } from '../attempt/address.js'
import { formatTime } from '../text/format-time.js'
import type { ConnectRow } from './connect-row.js'
import type { ViewOptions } from './view-options.js'
import { safeText } from '../text/safe-text.js'

/** A column of the view: left-aligned, with the order and widths of bcc's tools. */
export interface ViewColumn {
  readonly heading: string
  /** The last column is not padded. */
  readonly width: number
  /** Whether it may contain spaces, and escapes control characters itself: only the last column */
  readonly isFree?: true
  /** @param firstNs `startedNs` of the first row */
  text(row: ConnectRow, firstNs: number): string
}

/** bcc truncates names to this width; thread names have up to 15 bytes. */
const COMM_WIDTH = 12
const WIDE_COMM_WIDTH = 16
const ADDRESS_WIDTH = 16
/** Width of names of containers, pods and images. Longer ones move the rest of their row. */
const WIDE_NAME_WIDTH = 32
/** Length of the longest IPv6 address. */
const WIDE_ADDRESS_WIDTH = 39
/** A colon and a port */
const PORT_WIDTH = 6
const UNKNOWN = '-'

/** The columns of tcpconnect, or with `latency` of tcpconnlat, and those of the options. */
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
    ...when(options.container || wide, 'CONTAINER', wide ? WIDE_NAME_WIDTH : 16, containerText),
    ...when(wide, 'POD', WIDE_NAME_WIDTH, podText),
    ...when(wide, 'IMAGE', WIDE_NAME_WIDTH, (row) => cellText(row.containerImage ?? UNKNOWN)),
    ...when(wide, 'REMOTE', WIDE_NAME_WIDTH, (row) => cellText(row.remoteContainer ?? row.remotePod ?? UNKNOWN)),
    ...when(options.nat, 'NAT', addressWidth + PORT_WIDTH, (row) => endpointText(row.natAddress, row.natPort)),
    ...when(options.nat, 'SERVICE', addressWidth + PORT_WIDTH, (row) =>
      endpointText(row.serviceAddress, row.servicePort),
    ),
    ...(options.dns ? [{ heading: 'QUERY', width: 0, isFree: true, text: queryText } as const] : []),
  ]
}

/** The name of the container, otherwise its short id, the pod or the systemd unit. */
function containerText({ container, containerName }: ConnectRow): string {
  return containerName === null ? (container ?? UNKNOWN) : cellText(containerName)
}

function podText({ podName, podNamespace }: ConnectRow): string {
  return podName === null ? UNKNOWN : cellText(`${podNamespace ?? ''}/${podName}`)
}

function endpointText(address: string | null, port: number | null): string {
  return address === null ? UNKNOWN : nameEndpoint(address, String(port))
}

/** By characters: a name can contain any of them. */
function cut(comm: string): string {
  return [...comm].slice(0, COMM_WIDTH).join('')
}

/** A non-empty text without blanks: a thread name can be anything, even empty. */
export function cellText(text: string): string {
  const shown = safeText(text).replace(/[\p{Zs}]/gu, (blank) =>
    blank === ' ' ? String.raw`\x20` : `\\u{${(blank.codePointAt(0) as number).toString(16)}}`,
  )
  return shown || '-'
}

/** Age from which a used name is shown with its age. */
const SHOWN_AGE_NS = 100e6
/** Addresses that no name server is asked for. */
const LOCALHOST = ['127.0.0.1', '::1']

/**
 * The column QUERY in the format of tcpconnect -d. Its spaces are separators; spaces of a name are escaped, so that a
 * name cannot imitate another value. A dash if lookups were not recorded.
 */
function queryText({ hasDnsSource, dnsName, dnsAgeNs, remoteAddress }: ConnectRow): string {
  if (dnsName !== null) return `${cellText(dnsName || '.')}${ageText(dnsAgeNs)}`
  if (LOCALHOST.includes(remoteAddress)) return 'localhost'
  return hasDnsSource ? 'No DNS Query' : '-'
}

function ageText(ageNs: number | null): string {
  return ageNs !== null && ageNs > SHOWN_AGE_NS ? ` (${(ageNs / 1e6).toFixed(3)}ms)` : ''
}
