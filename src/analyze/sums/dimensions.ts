import { UsageError } from '../../errors.js'
import { formatAddress, isIpv4Mapped } from '../../store/address.js'
import { OUTCOMES } from '../../store/outcome.js'
import { nearestName } from '../../options/nearest-name.js'
import { containerName } from '../../view/container-name.js'
import type { Column, Value } from '../result/result.js'
import { AT } from '../trace/attempt-columns.js'
import { createDnsReader } from '../trace/dns-reader.js'
import { knowsLookups } from '../trace/knows-lookups.js'
import { boundedText, createRowReader, type DictionaryTable } from '../trace/row-reader.js'
import type { SessionPart } from '../trace/scope.js'
import type { Dimension } from './dimension.js'
import { createFirstRowReader } from './first-rows.js'

const text = (name: string, heading: string): Column => ({ name, heading, kind: 'text' })

/** An IPv4 address is of no use without its end. */
const ADDRESS: Column = { ...text('remote_address', 'ADDRESS'), minWidth: 15 }

/** A dimension whose key is columns of the endpoint or the process. */
function ofRow(
  name: string,
  source: 'endpoint' | 'process',
  columns: readonly Column[],
  selected: readonly string[] = columns.map((column) => column.name),
): Dimension {
  return {
    name,
    source,
    columns,
    keys: ({ trace }) => createRowReader(trace.lookup, source as DictionaryTable, selected),
  }
}

export const BY_ENDPOINT = ofRow('endpoint', 'endpoint', [ADDRESS, text('remote_port', 'PORT')])

/** A process: pid and start time, with what its first row says of it. A user without a name is its number. */
export const BY_PROCESS: Dimension = {
  name: 'process',
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
}

export const BY_SESSION: Dimension = { name: 'all', source: 'session', columns: [], keys: () => () => [] }

const BY_HOST: Dimension = {
  name: 'host',
  source: 'session',
  columns: [text('host', 'HOST')],
  keys:
    ({ host }) =>
    () => [host],
}

const BY_OUTCOME: Dimension = {
  name: 'outcome',
  source: 'attempt',
  columns: [text('outcome', 'OUTCOME')],
  coversOutcomes: true,
  keys: () => (code) => [OUTCOMES[code] ?? null],
  attempt: { columns: ['outcome'], id: () => (row) => row[AT.outcome] as number },
}

export const BY_DNS: Dimension = {
  name: 'dns',
  source: 'attempt',
  columns: [text('dns_name', 'DNS NAME')],
  keys: ({ trace }) => createRowReader(trace.lookup, 'dns_name', ['dns_name']),
  attempt: {
    columns: ['attempt_id'],
    // Attempts come in the order of their ids, and so do the names that are known.
    id: ({ trace }) => createDnsReader(trace.lookup),
  },
}

const BY_CGROUP: Dimension = {
  name: 'cgroup',
  source: 'process',
  columns: [text('cgroup', 'CGROUP')],
  keys({ trace }) {
    const cgroupOf = createRowReader(trace.lookup, 'process', ['cgroup_id'])
    const path = createRowReader(trace.lookup, 'cgroup', ['path'])
    return (id) => path(Number(cgroupOf(id)[0] ?? 0))
  },
}

/** Cgroups by what they belong to, as recorded or by their path: a container of Docker, containerd, CRI-O or Podman, or a systemd unit. */
export const BY_CONTAINER: Dimension = {
  name: 'container',
  source: 'process',
  columns: [text('container', 'CONTAINER')],
  keys(part) {
    const { lookup } = part.trace
    const cgroupOf = createRowReader(lookup, 'process', ['cgroup_id'])
    const cgroup = createRowReader(lookup, 'cgroup', knowsLookups(lookup) ? ['path', 'container'] : ['path'])
    return (id) => {
      const [path, container = null] = cgroup(Number(cgroupOf(id)[0] ?? 0))
      return [container ?? containerName(typeof path === 'string' ? path : null)]
    }
  },
}

const DIMENSIONS: readonly Dimension[] = [
  BY_ENDPOINT,
  ofRow('address', 'endpoint', [ADDRESS]),
  ofRow('port', 'endpoint', [text('remote_port', 'PORT')]),
  ofRow('uid', 'process', [text('user', 'USER'), text('uid', 'UID')]),
  BY_PROCESS,
  ofRow('comm', 'process', [text('comm', 'COMM')]),
  ofRow('exe', 'process', [text('exe', 'EXE')]),
  BY_CGROUP,
  BY_CONTAINER,
  ofRow('netns', 'process', [text('netns', 'NETNS')]),
  BY_DNS,
  ofRow('family', 'endpoint', [text('family', 'FAMILY')]),
  BY_OUTCOME,
  BY_HOST,
]

export const BY_UID = DIMENSIONS[3] as Dimension
export const BY_COMM = DIMENSIONS[5] as Dimension

const ACCEPTED_SUBNETS =
  'subnet, or subnet/1 to subnet/32, and up to subnet/128 where all addresses are IPv6, as with -6'

/** What `--by` accepts. */
export const DIMENSION_NAMES = [...DIMENSIONS.map((dimension) => dimension.name), 'subnet'].join(', ')

/**
 * The dimension that `--by` names: `subnet` alone is /24 for IPv4 and /64 for IPv6, `subnet/16` is that for both.
 * @throws UsageError
 */
export function parseDimension(name: string): Dimension {
  const known = DIMENSIONS.find((dimension) => dimension.name === name)
  if (known) return known
  if (/^subnet(\/|$)/.test(name)) return bySubnet(parseLength(name))
  throw new UsageError('--by', name, `${DIMENSION_NAMES}, or subnet/16`, nearestName(name, DIMENSION_NAMES.split(', ')))
}

/** Bits of a network; `null` for what is common. @throws UsageError */
function parseLength(name: string): number | null {
  const [, digits] = /^subnet(?:\/(\d{1,3}))?$/.exec(name) ?? [name, '999']
  if (digits === undefined) return null
  if (Number(digits) <= 128) return Number(digits)
  throw new UsageError('--by', name, ACCEPTED_SUBNETS)
}

function bySubnet(length: number | null): Dimension {
  const keys = ({ trace }: SessionPart) => {
    const row = createRowReader(trace.lookup, 'endpoint', ['address', 'remote_address'])
    return (id: number) => {
      const [address, shown] = row(id) as readonly unknown[]
      // Only a damaged file has addresses of another length.
      const isWhole = address instanceof Uint8Array && address.length === 16
      return [isWhole ? formatNetwork(address, length) : (shown as Value)]
    }
  }
  return { name: 'subnet', source: 'endpoint', columns: [text('subnet', 'SUBNET')], keys }
}

/** The network of a 16-byte address in CIDR notation. @throws UsageError for more bits than it has */
function formatNetwork(address: Uint8Array, length: number | null): string {
  const isIpv4 = isIpv4Mapped(address)
  const bits = length ?? (isIpv4 ? 24 : 64)
  if (isIpv4 && bits > 32) throw new UsageError('--by', `subnet/${bits}`, ACCEPTED_SUBNETS)
  const kept = bits + (isIpv4 ? 96 : 0)
  const network = address.map((byte, i) => byte & ~(255 >> Math.min(8, Math.max(0, kept - 8 * i))))
  return `${formatAddress(network)}/${bits}`
}
