import type { Database } from 'better-sqlite3'
import { formatCount, formatPlural } from '../../text/format-number.js'
import type { SessionRow } from './read-sessions.js'

/** Attempts of a session that have another address. Ids of a session are consecutive. */
export function describeNat(db: Database, { session_id: sessionId, has_nat: hasNat }: SessionRow): string {
  if (hasNat !== 1) return 'not recorded'
  const bound = (value: string) => `(SELECT ${value} FROM batch WHERE session_id = @sessionId)`
  const [translated, asked] = db
    .prepare(
      `SELECT count(nat_endpoint_id), count(service_endpoint_id) FROM connect_nat
       WHERE attempt_id BETWEEN ${bound('min(first_attempt_id)')} AND ${bound('max(first_attempt_id + attempt_count) - 1')}`,
    )
    .raw()
    .get({ sessionId }) as [number, number]
  return `${formatPlural(translated, 'attempt')} with a translated destination, ${formatCount(asked)} with a replaced address`
}
