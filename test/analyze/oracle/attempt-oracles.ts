import type { Oracle } from './oracle.js'
import { FAILED_PERCENT, PROCESS_NAMES } from './sql-words.js'

const SLOWEST_ROWS = 1000

/** Whole rows, with all columns of export; of equal latencies, the first of the file. */
export const SLOWEST: Oracle = {
  args: ['slowest', '--limit', String(SLOWEST_ROWS)],
  key: ['session_id', 'started_ns', 'latency_ns', 'pid', 'tid', 'local_port', 'remote_address'],
  order: { column: 'latency_ns' },
  sql: () => `
    SELECT COLUMNS(name -> name NOT IN ('time', 'row', 'file_row_number', 'is_failed', 'is_covered')
        AND name NOT IN ('host', 'boot_id', 'session_uuid', 'attempt_id')
        AND NOT regexp_matches(name, '^(process|recorded)_(comm|exe|user)$')),
      strftime(time, '%Y-%m-%dT%H:%M:%S.%fZ') AS time
    FROM c WHERE is_covered AND latency_ns IS NOT NULL ORDER BY latency_ns DESC, row LIMIT ${SLOWEST_ROWS}`,
}

/** @param minAttempts as on the command line; 10 by default */
function churn(minAttempts?: number): Oracle {
  return {
    args: minAttempts === undefined ? ['churn'] : ['churn', '--min-attempts', String(minAttempts)],
    key: ['pid', 'process_start_ns', 'remote_address', 'remote_port'],
    order: { column: 'attempts' },
    sql: () => `
      SELECT pid, process_start_ns, ${PROCESS_NAMES}, remote_address, remote_port, count(*) AS attempts, ${FAILED_PERCENT},
        (count(*) - 1) * 1e9 / nullif(max(started_ns) - min(started_ns), 0) AS rate_per_second,
        quantile_disc(gap_ns, 0.5) AS median_gap_ns,
        CASE WHEN failed_percent >= 50 THEN 'retry' WHEN median_gap_ns <= 60000000000 THEN 'pool' END AS hint
      FROM (SELECT *, started_ns - lag(started_ns) OVER pair AS gap_ns FROM c
        WINDOW pair AS (PARTITION BY pid, process_start_ns, remote_address, remote_port ORDER BY started_ns))
      GROUP BY pid, process_start_ns, remote_address, remote_port HAVING count(*) >= ${minAttempts ?? 10}`,
  }
}

export const CHURN = churn()
export const CHURN_OF_FEW = churn(2)
