import { CONNECT_COLUMNS, type ConnectColumn, type ConnectType } from '../attempt/connect-columns.js'
import { OUTCOMES } from '../attempt/outcome.js'
import { KEY, PUSHED_BY, type FleetColumn, type FleetTable } from './fleet-table.js'

const NUMBER = 'T64, ZSTD(1)'
const RISING = 'Delta, ZSTD(1)'

const TYPES: Readonly<Record<ConnectType, string>> = {
  utf8: 'String',
  uint8: 'UInt8',
  uint16: 'UInt16',
  int32: 'Int32',
  uint32: 'UInt32',
  int64: 'Int64',
  duration: 'Int64',
  timestamp: 'DateTime64(9)',
}
/** Addresses: IPv4 as IPv4-mapped. */
const ADDRESSES: readonly string[] = ['local_address', 'remote_address', 'nat_address', 'service_address']
const OUTCOME_TYPE = `Enum8(${OUTCOMES.map((name, code) => `'${name}' = ${code}`).join(', ')})`
const STARTED_NS = 'toUnixTimestamp64Nano(time)'

/**
 * Columns beside those of the view `connects`: with them, the rows of connect_attempt, connect_dns and connect_nat are restored exactly.
 * 0 stands for no id: ids of a trace are positive.
 */
const RESTORING_COLUMNS = [
  { name: 'unix_offset_ns', type: 'Int64', codec: 'ZSTD(1)', comment: 'clock_offset.unix_offset_ns at the start' },
  { name: 'flags', type: 'UInt8', codec: 'ZSTD(1)', comment: 'connect_attempt.flags' },
  { name: 'process_id', type: 'Int64', codec: NUMBER, comment: 'connect_attempt.process_id' },
  { name: 'endpoint_id', type: 'Int64', codec: NUMBER, comment: 'connect_attempt.endpoint_id' },
  {
    name: 'local_address_id',
    type: 'Int64',
    codec: NUMBER,
    comment: 'connect_attempt.local_endpoint without the port, which is local_port',
  },
  { name: 'dns_name_id', type: 'Int64', codec: NUMBER, comment: 'connect_dns.dns_name_id; 0: no row' },
  { name: 'nat_endpoint_id', type: 'Int64', codec: NUMBER, comment: 'connect_nat.nat_endpoint_id; 0: NULL' },
  { name: 'service_endpoint_id', type: 'Int64', codec: NUMBER, comment: 'connect_nat.service_endpoint_id; 0: NULL' },
] as const satisfies readonly FleetColumn[]

/** An attempt per row, with all names: the columns of an export, and what restores the rows of the trace. */
export const ATTEMPTS_TABLE: FleetTable = {
  name: 'attempts',
  columns: [
    KEY[0]!,
    { name: 'boot_id', type: 'LowCardinality(String)', comment: 'boot of the host' },
    KEY[1]!,
    { name: 'attempt_id', type: 'Int64', codec: RISING, comment: 'number of the attempt, unique within its session' },
    ...CONNECT_COLUMNS.map(fleetColumn),
    ...RESTORING_COLUMNS,
    {
      name: 'session_ns',
      type: 'Int64',
      computed: { as: 'ALIAS', expression: `${STARTED_NS} - unix_offset_ns` },
      comment: 'connect_attempt.started_ns: ns since the session began',
    },
    PUSHED_BY,
  ],
  key: ['host', 'session_uuid', 'attempt_id'],
  partition: 'toYYYYMMDD(time)',
  indexes: ['INDEX by_time time TYPE minmax'],
  expires: 'toDateTime(time)',
}

function fleetColumn({ name, type, isNullable, comment }: ConnectColumn): FleetColumn {
  if (name === 'started_ns') return { name, type: 'Int64', computed: { as: 'ALIAS', expression: STARTED_NS }, comment }
  if (name === 'time') return { name, type: TYPES[type], codec: RISING, comment }
  // Never NULL: push refuses an attempt with an unknown outcome.
  if (name === 'outcome') return { name, type: OUTCOME_TYPE, codec: 'ZSTD(1)', comment }
  if (ADDRESSES.includes(name)) return { name, type: nullable('IPv6', isNullable), codec: 'ZSTD(1)', comment }
  if (type === 'utf8') return { name, type: `LowCardinality(${nullable('String', isNullable)})`, comment }
  return { name, type: nullable(TYPES[type], isNullable), codec: NUMBER, comment }
}

function nullable(type: string, isNullable: boolean): string {
  return isNullable ? `Nullable(${type})` : type
}
