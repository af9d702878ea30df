import type { Oracle } from './oracle.js'
import { COUNTS, MAX, percentiles } from './sql-words.js'

const OUTCOMES = ['established', 'refused', 'timed_out', 'unreachable', 'reset', 'cancelled', 'local_error', 'pending']

/** The first row of a query, with a prefix before the name of each column. */
const FIRST = {
  busiest_endpoint: `SELECT remote_address AS address, remote_port AS port, count(*) AS attempts
    FROM c GROUP BY ALL ORDER BY attempts DESC LIMIT 1`,
  busiest_user: `SELECT user, uid, count(*) AS attempts FROM c GROUP BY ALL ORDER BY attempts DESC LIMIT 1`,
  busiest_process: `SELECT pid, process_start_ns AS start_ns, first(process_comm) AS comm, count(*) AS attempts
    FROM c GROUP BY pid, process_start_ns ORDER BY attempts DESC LIMIT 1`,
  slowest: `SELECT *, (SELECT count(*) FROM enough) AS endpoints FROM enough ORDER BY p99_ns DESC LIMIT 1`,
}

/** Lookups are those of the scope; loss is that of whole sessions. */
const DNS = `
  (SELECT string_agg(DISTINCT dns_source, ', ') FROM dns_sessions) AS dns_source,
  (SELECT count(*) FROM lookups) AS dns_lookups, (SELECT count(DISTINCT dns_name) FROM lookups) AS dns_names,
  count(dns_name) AS named_attempts, 100 * count(dns_name) / count(*) AS named_percent,
  (SELECT sum(lost) FROM dns_sessions) AS dns_lost, (SELECT sum(malformed) FROM dns_sessions) AS dns_malformed,
  (SELECT sum(evicted) FROM dns_sessions) AS dns_evicted,
  (SELECT sum(has_local_errors) FROM dns_sessions) AS local_error_sessions`

/** Rankings are compared only for traces without ties. */
export const SUMMARY: Oracle = {
  args: ['summary'],
  estimated: /^slowest_endpoint_/,
  key: [],
  sql: () => `
    WITH latencies AS (
        SELECT remote_address AS address, remote_port AS port, count(latency_ns) FILTER (is_covered) AS n,
          ${percentiles('p99')}
        FROM c GROUP BY ALL),
      least AS (SELECT CASE WHEN max(n) >= 100 THEN 100 WHEN max(n) >= 10 THEN 10 WHEN max(n) >= 1 THEN 1 END AS n FROM latencies),
      enough AS (SELECT * FROM latencies WHERE n >= (SELECT n FROM least)),
      ${Object.entries(FIRST)
        .map(([name, sql]) => `${name} AS (${sql})`)
        .join(', ')}
    SELECT *, attempts * 1e9 / recorded_ns AS rate_per_second FROM (
    SELECT (SELECT string_agg(DISTINCT host, ', ') FROM sessions) AS hosts, (SELECT count(*) FROM sessions) AS sessions,
      (SELECT min(from_ns) FROM ranges) AS started_ns, (SELECT max(to_ns) FROM ranges) AS ended_ns,
      (SELECT sum(to_ns - from_ns) FROM ranges) AS recorded_ns, ${COUNTS},
      ${OUTCOMES.map((outcome) => `count(*) FILTER (outcome = '${outcome}') AS ${outcome}`).join(', ')},
      coalesce(sum(syn_retransmits), 0) AS syn_retransmits, ${percentiles('p50', 'p90', 'p99')}, ${MAX},
      (SELECT sum(lost_attempts) FROM sessions) AS lost,
      (SELECT CASE WHEN bool_or(completeness = 'incomplete') THEN 'incomplete'
        WHEN bool_or(completeness = 'unchecked') THEN 'unchecked' ELSE 'complete' END FROM sessions) AS completeness,
      (SELECT count(*) FROM latencies) AS endpoints, count(DISTINCT (uid, user)) AS users,
      count(DISTINCT (pid, process_start_ns)) AS processes,
      ${firstOf('busiest_endpoint', ['address', 'port', 'attempts'])},
      (SELECT user FROM busiest_user) AS busiest_user, (SELECT uid FROM busiest_user) AS busiest_uid,
      (SELECT attempts FROM busiest_user) AS busiest_user_attempts,
      ${firstOf('busiest_process', ['pid', 'start_ns', 'comm', 'attempts'])},
      (SELECT address FROM slowest) AS slowest_endpoint_address, (SELECT port FROM slowest) AS slowest_endpoint_port,
      (SELECT p99_ns FROM slowest) AS slowest_endpoint_p99_ns, (SELECT n FROM slowest) AS slowest_endpoint_latencies,
      (SELECT endpoints FROM slowest) AS slowest_of_endpoints, (SELECT n FROM least) AS slowest_min_latencies,
      ${DNS}
    FROM c)`,
}

function firstOf(name: string, columns: readonly string[]): string {
  return columns.map((column) => `(SELECT ${column} FROM ${name}) AS ${name}_${column}`).join(', ')
}
