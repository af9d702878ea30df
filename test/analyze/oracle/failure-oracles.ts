import { constants } from 'node:os'
import type { Oracle } from './oracle.js'
import { PROCESSES, percentile } from './sql-words.js'

/** For errors with two names, the first in Node.js. */
const ERRNO_NAMES = Object.entries(constants.errno).map(([name, errno]) => `(${errno}, '${name}')`)

/** Of equally frequent names, the first in alphabetical order; an unknown name comes last. */
function mostFrequent(name: string): string {
  return `SELECT cause, first(name ORDER BY n DESC, place) FROM (
    SELECT cause, name, count(*) AS n, row_number() OVER (ORDER BY name NULLS LAST) AS place
    FROM (SELECT ${CAUSE} AS cause, ${name} AS name FROM failed) GROUP BY cause, name) GROUP BY cause`
}

const CAUSE = '(remote_address, remote_port, outcome, errno)'

/** The meaning of an errno is a text, and left out. */
export const FAILURES: Oracle = {
  args: ['failures'],
  key: ['remote_address', 'remote_port', 'outcome', 'errno'],
  order: { column: 'attempts' },
  sql: () => `
    WITH failed AS (SELECT * FROM c WHERE is_failed),
      comms (cause, comm) AS (${mostFrequent('comm')}),
      users (cause, user) AS (${mostFrequent('coalesce(user, uid::VARCHAR)')}),
      names AS (SELECT errno, any_value(name) AS errno_name FROM (VALUES ${ERRNO_NAMES.join(', ')}) AS t (errno, name)
        GROUP BY errno)
    SELECT remote_address, remote_port, outcome, f.errno, any_value(errno_name) AS errno_name, count(*) AS attempts,
      min(started_ns) AS first_seen_ns, max(started_ns) AS last_seen_ns, any_value(comm_) AS comm,
      any_value(user_) AS user, ${PROCESSES}
    FROM (SELECT failed.*, comms.comm AS comm_, users.user AS user_ FROM failed
      JOIN comms ON comms.cause IS NOT DISTINCT FROM ${CAUSE}
      JOIN users ON users.cause IS NOT DISTINCT FROM ${CAUSE}) AS f
      LEFT JOIN names ON names.errno = f.errno
    GROUP BY remote_address, remote_port, outcome, f.errno`,
}

export const RETRANSMITS: Oracle = {
  args: ['retransmits'],
  key: ['remote_address', 'remote_port'],
  order: { column: 'retransmitted' },
  sql: () => {
    const times = (condition: string) => `count(*) FILTER (syn_retransmits ${condition})`
    return `
      SELECT remote_address, remote_port, count(*) AS attempts, ${times('> 0')} AS retransmitted,
        100 * ${times('> 0')} / count(*) AS retransmitted_percent, ${times('= 1')} AS retransmitted_once,
        ${times('= 2')} AS retransmitted_twice, ${times('>= 3')} AS retransmitted_more,
        count(*) FILTER (outcome = 'timed_out') AS timed_out,
        ${percentile('0.5', 'is_covered AND syn_retransmits = 0')} AS p50_without_ns,
        ${percentile('0.5', 'is_covered AND syn_retransmits > 0')} AS p50_with_ns,
        p50_with_ns - p50_without_ns AS added_ns
      FROM c GROUP BY remote_address, remote_port HAVING retransmitted > 0`
  },
}
