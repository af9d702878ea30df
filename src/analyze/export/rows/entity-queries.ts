import { sql, type RawBuilder } from 'kysely'
import { PROCESS_COLUMNS } from '../../../attempt/connect-values.js'
import { boundedText } from '../../scan/row-reader.js'

const bounded = (column: string) => sql.raw(boundedText(column))
export const LOCAL_ADDRESSES = sql`SELECT local_address_id, ${bounded('local_address')} FROM local_address`

/** Only names of attempts. Ids of a session are consecutive. */
export function selectNames(sessions: readonly number[]): RawBuilder<unknown> {
  return sql`SELECT dns_name_id, ${bounded('dns_name')} FROM dns_name WHERE dns_name_id IN (SELECT dns_name_id FROM connect_dns
    WHERE ${isOfSessions(sessions)})`
}

export function selectOthers(sessions: readonly number[], column: string): RawBuilder<unknown> {
  return sql`SELECT endpoint_id, ${bounded('remote_address')}, remote_port FROM endpoint
    WHERE endpoint_id IN (SELECT ${sql.raw(column)} FROM connect_nat WHERE ${isOfSessions(sessions)})`
}

function isOfSessions(sessions: readonly number[]): RawBuilder<unknown> {
  const bound = (value: string) =>
    sql`(SELECT ${sql.raw(value)} FROM batch WHERE session_id IN (${sql.join(sessions)}))`
  return sql`attempt_id BETWEEN ${bound('min(first_attempt_id)')} AND ${bound('max(first_attempt_id + attempt_count)')}`
}

export function selectProcesses(conditions: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  const values = PROCESS_COLUMNS.map(({ type, ofProcess }) =>
    type === 'utf8' ? bounded(ofProcess) : sql.raw(ofProcess),
  )
  return sql`SELECT process_id, ${sql.join(values)}
    FROM process LEFT JOIN cgroup USING (cgroup_id) LEFT JOIN container USING (container_key) WHERE ${sql.join(conditions, sql` AND `)}`
}

export function selectEndpoints(conditions: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  return sql`SELECT endpoint_id, family, ${bounded('remote_address')}, remote_port FROM endpoint
    WHERE ${sql.join([sql`1`, ...conditions], sql` AND `)}`
}
