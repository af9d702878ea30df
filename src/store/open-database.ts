import Database from 'better-sqlite3'
import { nativeModuleFault } from '../cli/native-module-fault.js'
import { isAbsolute } from 'node:path'
import { TcpconnError } from '../base/errors.js'

/**
 * Opens an SQLite database. The first call loads SQLite, which is native code.
 * @param name from `sqlitePath`, or `:memory:`
 * @throws E_NATIVE_MODULE, and errors of SQLite
 */
export function openDatabase(name: string, options: Database.Options = {}): Database.Database {
  try {
    return new Database(name, options)
  } catch (error) {
    throw nativeModuleFault(error) ?? error
  }
}

/**
 * The name that makes better-sqlite3 open exactly this file: it treats `:memory:` as a special name and trims blanks at
 * both ends. A leading directory protects all but trailing blanks.
 * @throws E_CANNOT_OPEN for a name with trailing blanks
 */
export function sqlitePath(path: string): string {
  if (path === path.trimEnd()) return isAbsolute(path) ? path : `./${path}`
  throw new TcpconnError('E_CANNOT_OPEN', {
    what: `cannot open ${JSON.stringify(path)}`,
    reason: 'its name ends in a blank, which SQLite ignores',
    hint: 'name a file without a trailing blank, or rename this one',
  })
}
