import { diff } from '../../../src/analyze/queries/diff/diff.js'
import type { Oracle } from './oracle.js'
import { percentile } from './sql-words.js'

/** An entity that is compared, and its name. */
const ENTITIES = {
  endpoint: `CASE WHEN contains(remote_address, ':') THEN '[' || remote_address || ']' ELSE remote_address END
    || ':' || remote_port`,
  user: 'coalesce(user, uid::VARCHAR)',
  comm: 'comm',
}

const [RATE_BEFORE, RATE_AFTER] = diff.columns.filter(({ kind }) => kind === 'rate').map(({ name }) => name)

/** Every test of the last two sessions. Their p-values are not recorded data, and are left out. */
export const DIFF: Oracle = {
  args: ['diff', '--all'],
  key: ['what', 'name', 'change'],
  order: { column: 'p_value', ascends: true },
  picksSessions: true,
  sql: () => `
    WITH sides AS (SELECT session_id, duration_ns, row_number() OVER (ORDER BY session_id DESC) = 1 AS is_after
        FROM sessions ORDER BY session_id DESC LIMIT 2),
      entities AS (${Object.entries(ENTITIES)
        .map(([what, name]) => `SELECT '${what}' AS what, ${name} AS name, * FROM c JOIN sides USING (session_id)`)
        .join(' UNION ALL ')}),
      groups AS (SELECT what, name, ${sideValues('before', 'NOT is_after')}, ${sideValues('after', 'is_after')}
        FROM entities GROUP BY what, name)
    SELECT *, unnest(CASE WHEN attempts_before = 0 THEN ['new'] WHEN attempts_after = 0 THEN ['vanished']
      ELSE ['rate', 'failures', 'latency'] END) AS change,
      attempts_before * 1e9 / (SELECT duration_ns FROM sides WHERE NOT is_after) AS ${RATE_BEFORE},
      attempts_after * 1e9 / (SELECT duration_ns FROM sides WHERE is_after) AS ${RATE_AFTER}
    FROM groups`,
}

function sideValues(side: string, condition: string): string {
  const attempts = `count(*) FILTER (${condition})`
  return `${attempts} AS attempts_${side},
    100 * count(*) FILTER (${condition} AND is_failed) / nullif(${attempts}, 0) AS failed_${side}_percent,
    ${percentile('0.5', `${condition} AND is_covered`)} AS p50_${side}_ns,
    ${percentile('0.99', `${condition} AND is_covered`)} AS p99_${side}_ns`
}
