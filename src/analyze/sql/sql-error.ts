import { CONNECT_COLUMNS } from '../../attempt/connect-columns.js'
import { TcpconnError, messageOf } from '../../base/errors.js'

const COLUMNS = CONNECT_COLUMNS.map(({ name }) => name).join(', ')

/** The error for SQL that is refused, or that SQLite rejects. */
export function sqlError(reason: string, cause?: unknown): TcpconnError {
  return new TcpconnError('E_SQL', {
    what: 'the SQL cannot be run',
    reason,
    hint: `run one query on the view connects, which has ${COLUMNS}`,
    cause,
  })
}

/** Converts an error of preparing or running SQL. Returns errors about a damaged file unchanged. */
export function sqlFault(thrown: unknown): unknown {
  if (thrown instanceof TcpconnError) return thrown
  const code = (thrown as { code?: string }).code ?? ''
  const isFile = /^SQLITE_(CORRUPT|NOTADB|IOERR|BUSY|CANTOPEN|READONLY_|PROTOCOL)/.test(code)
  // better-sqlite3 throws RangeError for several statements, TypeError for missing parameters.
  const isOfSql = code.startsWith('SQLITE_') || thrown instanceof RangeError || thrown instanceof TypeError
  return isFile || !isOfSql ? thrown : sqlError(messageOf(thrown), thrown)
}
