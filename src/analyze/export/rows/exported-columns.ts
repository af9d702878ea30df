import { CONNECT_COLUMNS } from '../../../attempt/connect-columns.js'
import type { ConnectColumnName } from '../../../attempt/connect-values.js'
import type { ExportColumn } from './column.js'

function column<Name extends string>(name: Name, type: ExportColumn['type'], comment: string): ExportColumn<Name> {
  return { name, type, isNullable: false, comment }
}

/** The unique key of an attempt over all hosts and files; the view does not have these columns. */
export const KEY_COLUMNS = [
  column('host', 'utf8', 'host that was recorded'),
  column('boot_id', 'utf8', 'boot of the host: /proc/sys/kernel/random/boot_id'),
  column('session_uuid', 'utf8', 'recording that the attempt belongs to, unique among all hosts and files'),
  column('attempt_id', 'int64', 'number of the attempt, unique within its session'),
]
export type KeyColumnName = (typeof KEY_COLUMNS)[number]['name']

/** The columns of the view `connects`. Durations are 64 bits wide. */
export const EXPORTED_COLUMNS: readonly ExportColumn<ConnectColumnName>[] = CONNECT_COLUMNS.map(
  ({ name, type, isNullable, comment }) => ({
    name,
    type: type === 'duration' ? 'int64' : type,
    isNullable,
    comment,
  }),
)
