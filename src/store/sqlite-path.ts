import { isAbsolute } from 'node:path'
import { TcpconnError } from '../errors.js'

/**
 * The name under which better-sqlite3 opens just this file: it takes `:memory:` for no file at all, and cuts blanks off
 * both ends. With a directory before it, only those at the end are left.
 * @throws E_CANNOT_OPEN for a name with blanks at its end
 */
export function sqlitePath(path: string): string {
  if (path === path.trimEnd()) return isAbsolute(path) ? path : `./${path}`
  throw new TcpconnError('E_CANNOT_OPEN', {
    what: `cannot open ${JSON.stringify(path)}`,
    reason: 'its name ends in a blank, which SQLite would leave out',
    hint: 'name a file without a blank at the end, or give this one another name',
  })
}
