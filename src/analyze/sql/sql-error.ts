import { TcpconnError, messageOf } from '../../errors.js'

/** Columns of the view, for the hint. */
const COLUMNS =
  'session_id, started_ns, time, latency_ns, outcome, errno, syn_retransmits, pid, tid, process_start_ns, comm, exe, uid, ' +
  'user, cgroup, netns, mntns, family, local_address, local_port, remote_address, remote_port, ' +
  'dns_name, dns_age_ns, dns_lookup_ns, dns_candidates, container'

/** The error for SQL of the user's that is refused, or that SQLite does not take. */
export function sqlError(reason: string, cause?: unknown): TcpconnError {
  return new TcpconnError('E_SQL', {
    what: 'the SQL cannot be run',
    reason,
    hint: `ask one question of the view connects, which has ${COLUMNS}`,
    cause,
  })
}

/** What was thrown while the user's SQL was prepared or run; damage of the file stays as it is. */
export function sqlFault(thrown: unknown): unknown {
  if (thrown instanceof TcpconnError) return thrown
  const code = (thrown as { code?: string }).code ?? ''
  const isFile = /^SQLITE_(CORRUPT|NOTADB|IOERR|BUSY|CANTOPEN|READONLY_|PROTOCOL)/.test(code)
  // better-sqlite3 throws RangeError and TypeError for more than one statement and for missing parameters.
  const isOfSql = code.startsWith('SQLITE_') || thrown instanceof RangeError || thrown instanceof TypeError
  return isFile || !isOfSql ? thrown : sqlError(messageOf(thrown), thrown)
}
