import Database from 'better-sqlite3'
import { onTestFinished } from 'vitest'

/**
 * Holds the write lock of a trace, like a program that writes to it, until the returned function is called or the test
 * ends.
 */
export function holdWriteLock(file: string): () => void {
  const db = new Database(file, { timeout: 5000 })
  onTestFinished(() => void db.close())
  db.exec('BEGIN IMMEDIATE')
  return () => void db.exec('ROLLBACK')
}
