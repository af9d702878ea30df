import { UsageError, messageOf } from '../../base/errors.js'
import type { StoredQuery } from '../query/stored-query.js'
import { readBoundedText } from './read-bounded.js'
import { readStatement } from './read-statement.js'
import { createSqlQuery } from './sql-query.js'

const ACCEPTED = `'SELECT …' [FILE…], or -f FILE.sql [FILE…]`

/**
 * Reads the statement of `tcpconn analyze sql`. With `-f`, the first argument is a trace like the others.
 * @throws UsageError, E_SQL
 */
export function readSql(
  sql: string | undefined,
  files: readonly string[],
  sqlFile: string | undefined,
): { query: StoredQuery; files: readonly string[] } {
  if (sqlFile !== undefined) {
    const traces = sql === undefined ? files : [sql, ...files]
    return { query: createSqlQuery('sql', readStatement(readSqlFile(sqlFile))), files: traces }
  }
  if (sql === undefined) throw new UsageError('SQL', '', ACCEPTED)
  return { query: createSqlQuery('sql', readStatement(sql)), files }
}

function readSqlFile(path: string): string {
  try {
    return readBoundedText(path)
  } catch (error) {
    throw new UsageError('-f', path, `a file with one SELECT: ${messageOf(error)}`)
  }
}
