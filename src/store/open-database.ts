import Database from 'better-sqlite3'
import { nativeModuleFault } from '../native-module-fault.js'

/**
 * Opens an SQLite database. The first call loads SQLite, which is native code.
 * @param name as `sqlitePath` gives it, or `:memory:`
 * @throws E_NATIVE_MODULE, and what SQLite answers
 */
export function openDatabase(name: string, options: Database.Options = {}): Database.Database {
  try {
    return new Database(name, options)
  } catch (error) {
    throw nativeModuleFault(error) ?? error
  }
}
