import { openDatabase } from '../../store/open-database.js'
import { sqlitePath } from '../../store/sqlite-path.js'
import { requireSameFile } from './output-file.js'
import { requireOwnSiblings } from './siblings.js'

/**
 * Has SQLite take back what a kill cut off in the middle: nobody can read the file before that. It is changed in no other way.
 * @param fd of the file, which stays open
 * @throws E_SYMLINK, E_CANNOT_OPEN, and what SQLite throws
 */
export function rollBack(fd: number, path: string): void {
  requireOwnSiblings(path)
  const db = openDatabase(sqlitePath(path), { fileMustExist: true, timeout: 0 })
  try {
    requireSameFile({ fd, path })
    db.pragma('trusted_schema = OFF')
    db.pragma('user_version')
  } finally {
    db.close()
  }
}
