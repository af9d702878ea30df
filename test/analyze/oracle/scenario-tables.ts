import type { Scenario } from './oracle.js'

/**
 * SQL that creates the tables that oracles read, for the selected sessions, time range and filters:
 * - `c`: attempts, with the columns of export, and `is_failed`, `is_covered` (has a latency for statistics), `process_comm`,
 *   `process_exe`, `process_user` (the first recorded row of the process, in the first session of `c` that has it), `row`
 *   (order of the file);
 * - `sessions`: the metadata of the file about them;
 * - `lookups`: DNS lookups, with the name and the path of the cgroup, and `addresses`: of names, as recorded in the sessions;
 * - `dns_sessions`: the facts about DNS and local errors in their rows;
 * - `ranges`: the recorded time, without overlaps.
 */
export function scenarioTables({
  isNewest = false,
  where = 'true',
  lookups = 'true',
  covered,
  since,
  until,
}: Scenario): string[] {
  const session = isNewest ? 'session_id = (SELECT max(session_id) FROM all_sessions)' : 'true'
  const bounds = [since && `started_ns >= ${since}`, until && `started_ns < ${until}`].filter(Boolean)
  const chosen = [session, `(${where})`, ...bounds].join(' AND ')
  const lookedUp = [session, `(${lookups})`, ...bounds].join(' AND ')
  const first = (name: string) => `first_value(recorded_${name}) OVER process AS process_${name}`
  return [
    `CREATE OR REPLACE TABLE c AS
      SELECT *, outcome NOT IN ('established', 'pending') AS is_failed,
        ${covered ?? "outcome = 'established'"} AS is_covered, ${first('comm')}, ${first('exe')}, ${first('user')}
      FROM all_attempts WHERE ${chosen}
      WINDOW process AS (PARTITION BY pid, process_start_ns ORDER BY row)`,
    `CREATE OR REPLACE TABLE sessions AS SELECT * FROM all_sessions WHERE ${session}`,
    `CREATE OR REPLACE TABLE lookups AS SELECT * FROM all_lookups WHERE ${lookedUp}`,
    `CREATE OR REPLACE TABLE addresses AS SELECT * FROM all_addresses WHERE ${session}`,
    `CREATE OR REPLACE TABLE dns_sessions AS SELECT * FROM all_dns_sessions WHERE ${session}`,
    createRanges(session, since ?? 'from_ns', until ?? 'to_ns'),
  ]
}

/** If sessions overlap, time counts once. */
function createRanges(session: string, since: string, until: string): string {
  const earlier = '(ORDER BY from_ns, to_ns ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)'
  return `CREATE OR REPLACE TABLE ranges AS
    WITH clipped AS (
        SELECT greatest(from_ns, ${since}) AS from_ns, least(to_ns, ${until}) AS to_ns
        FROM all_ranges WHERE ${session} AND greatest(from_ns, ${since}) < least(to_ns, ${until})),
      marked AS (SELECT *, from_ns > max(to_ns) OVER ${earlier} IS NOT false AS is_new FROM clipped),
      numbered AS (SELECT *, sum(is_new::INT) OVER (ORDER BY from_ns, to_ns) AS number FROM marked)
    SELECT min(from_ns) AS from_ns, max(to_ns) AS to_ns FROM numbered GROUP BY number`
}
