import { createSegmentIndex } from '../../scan/segment-index.js'
import type { Scope } from '../../scan/scope.js'
import type { AttemptRows } from './attempt-rows.js'
import type { Reader } from './attempt-table.js'
import type { ColumnValues, Dictionary, ExportColumn } from './column.js'
import type { ExportEntities } from './entities.js'

/** All values of connect_attempt.flags. */
const FLAGS: Dictionary = Array.from({ length: 128 }, (_, flags) => flags)

function column<Name extends string>(
  name: Name,
  type: ExportColumn['type'],
  isNullable: boolean,
  comment: string,
): ExportColumn<Name> {
  return { name, type, isNullable, comment }
}

/** Columns that restore the rows of a trace from those of the view `connects`. */
export const RESTORING_COLUMNS = [
  column('unix_offset_ns', 'int64', false, 'clock_offset.unix_offset_ns at the start'),
  column('flags', 'uint8', true, 'connect_attempt.flags'),
  column('process_id', 'int64', false, 'connect_attempt.process_id'),
  column('endpoint_id', 'int64', false, 'connect_attempt.endpoint_id'),
  column('local_address_id', 'int64', false, 'connect_attempt.local_endpoint without the port'),
  column('dns_name_id', 'int64', true, 'connect_dns.dns_name_id'),
  column('nat_endpoint_id', 'int64', true, 'connect_nat.nat_endpoint_id'),
  column('service_endpoint_id', 'int64', true, 'connect_nat.service_endpoint_id'),
]
export type RestoringColumn = (typeof RESTORING_COLUMNS)[number]

const ARCHIVED = ['unix_offset_ns', 'flags', 'process_id']

/** Those that a partitioned data set has: its rows can be read as a trace again. */
export const ARCHIVE_COLUMNS = RESTORING_COLUMNS.filter(({ name }) => ARCHIVED.includes(name))

/** Readers of `RESTORING_COLUMNS`. */
export function createRestoringReaders(
  scope: Scope,
  { ids }: ExportEntities,
  scratch: Int32Array,
): Readonly<Record<RestoringColumn['name'], Reader>> {
  const indexes = scope.parts.map(({ segments }) => createSegmentIndex(segments))
  const offsets = scope.parts.map(({ segments }) => segments.map(({ unixOffsetNs }) => unixOffsetNs))
  const idOf =
    (entity: keyof ExportEntities['ids'] & keyof AttemptRows): Reader =>
    (rows) =>
      coded(rows[entity], ids[entity])
  return {
    unix_offset_ns({ part, count, startedNs }) {
      const indexOf = indexes[part]!
      for (let i = 0; i < count; i++) scratch[i] = indexOf(startedNs[i] as number)
      return coded(scratch, offsets[part]!)
    },
    flags: (rows) => coded(rows.flags, FLAGS),
    process_id: idOf('process'),
    endpoint_id: idOf('endpoint'),
    local_address_id: idOf('localAddress'),
    dns_name_id: idOf('dnsName'),
    nat_endpoint_id: idOf('natEndpoint'),
    service_endpoint_id: idOf('serviceEndpoint'),
  }
}

function coded(codes: Int32Array, dictionary: Dictionary): ColumnValues {
  return { kind: 'coded', codes, dictionary, isConstant: false, isPresent: false }
}
