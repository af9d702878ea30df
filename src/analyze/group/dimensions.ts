import { UsageError } from '../../base/errors.js'
import { formatAddress, isIpv4Mapped } from '../../attempt/address.js'
import { OUTCOMES } from '../../attempt/outcome.js'
import { nearestName } from '../../text/nearest-name.js'
import type { Column, Value } from '../result/result.js'
import { AT } from '../scan/attempt-columns.js'
import { createDnsReader } from '../scan/dns-reader.js'
import { boundedText, createRowReader } from '../scan/row-reader.js'
import type { SessionPart } from '../scan/scope.js'
import { BY_CONTAINER, BY_IMAGE, BY_NAMESPACE, BY_POD } from './by-container.js'
import { withHost } from './by-host.js'
import type { Dimension } from './dimension.js'
import { createFirstRowReader } from './first-rows.js'

const text = (name: string, heading: string): Column => ({ name, heading, kind: 'text' })

/** A truncated IPv4 address is useless. */
const ADDRESS: Column = { ...text('remote_address', 'ADDRESS'), minWidth: 15 }

/** Sessions of a trace share its endpoints. A process belongs to one session. */
const SHARED = { sharedBy: 'trace' } as const

/** A dimension whose key is columns of the endpoint or the process. */
function ofRow(source: 'endpoint' | 'process', ...columns: readonly Column[]): Dimension {
  const names = columns.map(({ name }) => name)
  const shared = source === 'endpoint' ? SHARED : {}
  return { source, columns, ...shared, keys: ({ trace }) => createRowReader(trace.lookup, source, names) }
}

/** All attempts of a session are one group. */
export const BY_SESSION: Dimension = { source: 'session', columns: [], keys: () => () => [] }

/** The same, without latencies */
export const COUNTS_BY_SESSION: Dimension = { ...BY_SESSION, countsOnly: true }

/** Dimensions by the values of `latency --by`; other queries accept some of them. */
export const DIMENSIONS = {
  endpoint: ofRow('endpoint', ADDRESS, text('remote_port', 'PORT')),
  address: ofRow('endpoint', ADDRESS),
  port: ofRow('endpoint', text('remote_port', 'PORT')),
  uid: ofRow('process', text('user', 'USER'), text('uid', 'UID')),
  /** pid and start time, with the names of its first row. A user without a name is the uid. */
  process: {
    source: 'process',
    columns: [
      text('pid', 'PID'),
      { ...text('process_start_ns', 'START'), isHidden: true },
      text('comm', 'COMM'),
      { ...text('exe', 'EXE'), leaveOut: 1 },
      { ...text('user', 'USER'), leaveOut: 6 },
    ],
    identity: 2,
    keys({ trace, sessionId }) {
      const firstOf = createFirstRowReader(trace.lookup, sessionId)
      const columns = ['pid', 'process_start_ns', 'comm', 'exe', `ifnull(${boundedText('user')}, CAST(uid AS TEXT))`]
      const row = createRowReader(trace.lookup, 'process', columns)
      return (id) => row(firstOf(id))
    },
  },
  comm: ofRow('process', text('comm', 'COMM')),
  exe: ofRow('process', text('exe', 'EXE')),
  cgroup: {
    source: 'process',
    columns: [text('cgroup', 'CGROUP')],
    keys({ trace }) {
      const cgroupOf = createRowReader(trace.lookup, 'process', ['cgroup_id'])
      const path = createRowReader(trace.lookup, 'cgroup', ['path'])
      return (id) => path(Number(cgroupOf(id)[0] ?? 0))
    },
  },
  container: BY_CONTAINER,
  pod: BY_POD,
  namespace: BY_NAMESPACE,
  image: BY_IMAGE,
  // Inode numbers of namespaces are reused.
  netns: ofRow('process', text('netns', 'NETNS'), text('netns_cookie', 'COOKIE')),
  dns: {
    source: 'attempt',
    columns: [text('dns_name', 'DNS NAME')],
    ...SHARED,
    keys: ({ trace }) => createRowReader(trace.lookup, 'dns_name', ['dns_name']),
    attempt: {
      columns: ['attempt_id'],
      // Attempts and names are both in the order of ids.
      id: ({ trace }) => createDnsReader(trace.lookup),
    },
  },
  family: ofRow('endpoint', text('family', 'FAMILY')),
  outcome: {
    source: 'attempt',
    columns: [text('outcome', 'OUTCOME')],
    coversOutcomes: true,
    keys: () => (code) => [OUTCOMES[code] ?? null],
    attempt: { columns: ['outcome'], id: () => (row) => row[AT.outcome] as number },
  },
  host: withHost(BY_SESSION),
  subnet: bySubnet(null),
} satisfies Record<string, Dimension>

const ACCEPTED_SUBNETS =
  'subnet, or subnet/1 to subnet/32, and up to subnet/128 where all addresses are IPv6, as with -6'

/** Values of `--by`. */
export const DIMENSION_NAMES = Object.keys(DIMENSIONS).join(', ')

/**
 * Parses `--by`: `subnet` is /24 for IPv4 and /64 for IPv6, `subnet/16` is /16 for both.
 * @throws UsageError
 */
export function parseDimension(name: string): Dimension {
  if (Object.hasOwn(DIMENSIONS, name)) return DIMENSIONS[name as keyof typeof DIMENSIONS]
  if (name.startsWith('subnet/')) return bySubnet(parseLength(name))
  throw new UsageError('--by', name, `${DIMENSION_NAMES}, or subnet/16`, nearestName(name, DIMENSION_NAMES.split(', ')))
}

/** Prefix length of a network. @throws UsageError */
function parseLength(name: string): number {
  const [, digits] = /^subnet\/(\d{1,3})$/.exec(name) ?? [name, '999']
  if (Number(digits) <= 128) return Number(digits)
  throw new UsageError('--by', name, ACCEPTED_SUBNETS)
}

/** @param length prefix length; `null`: 24 for IPv4, 64 for IPv6 */
function bySubnet(length: number | null): Dimension {
  const keys = ({ trace }: SessionPart) => {
    const row = createRowReader(trace.lookup, 'endpoint', ['address', 'remote_address'])
    return (id: number) => {
      const [address, shown] = row(id) as readonly unknown[]
      // Only damaged files contain addresses of another length.
      const isWhole = address instanceof Uint8Array && address.length === 16
      return [isWhole ? formatNetwork(address, length) : (shown as Value)]
    }
  }
  return { source: 'endpoint', columns: [text('subnet', 'SUBNET')], ...SHARED, keys }
}

/** The network of a 16-byte address in CIDR notation. @throws UsageError if the prefix is too long */
function formatNetwork(address: Uint8Array, length: number | null): string {
  const isIpv4 = isIpv4Mapped(address)
  const bits = length ?? (isIpv4 ? 24 : 64)
  if (isIpv4 && bits > 32) throw new UsageError('--by', `subnet/${bits}`, ACCEPTED_SUBNETS)
  const kept = bits + (isIpv4 ? 96 : 0)
  const network = address.map((byte, i) => byte & ~(255 >> Math.min(8, Math.max(0, kept - 8 * i))))
  return `${formatAddress(network)}/${bits}`
}
