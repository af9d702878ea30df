import { openDatabase, sqlitePath } from '../../store/open-database.js'
import { requireSameFile } from './locked-output.js'
import { requireOwnSideFiles } from './sqlite-side-files.js'

/**
 * Makes SQLite roll back the transaction that a kill interrupted, which is required before reading. Nothing else is
 * changed.
 * @param fd of the file, which stays open
 * @throws E_SYMLINK, E_CANNOT_OPEN, and errors of SQLite
 */
export function recoverHotJournal(fd: number, path: string): void {
  requireOwnSideFiles(path)
  const db = openDatabase(sqlitePath(path), { fileMustExist: true, timeout: 0 })
  try {
    requireSameFile({ fd, path })
    db.pragma('trusted_schema = OFF')
    db.pragma('user_version')
  } finally {
    db.close()
  }
}
