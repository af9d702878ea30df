import type { Database } from 'better-sqlite3'

/** Runs a body in one transaction: all of it is in the file afterwards, or nothing and the error is thrown. */
export type Transaction = (body: () => void) => void

/** Begins as a writer at once, so that a file that is locked says so before anything was done. */
export function createTransaction(db: Database): Transaction {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const rollback = db.prepare('ROLLBACK')
  return (body) => {
    begin.run()
    try {
      body()
      commit.run()
    } catch (error) {
      if (db.inTransaction) rollback.run()
      throw error
    }
  }
}
