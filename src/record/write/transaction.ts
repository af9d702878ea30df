import type { Database } from 'better-sqlite3'

/** Runs a body in one transaction: commits all of it, or rolls back and throws the error. */
export type Transaction = (body: () => void) => void

/** Takes the write lock at once, so that a locked file fails before any work. */
export function createTransaction(db: Database): Transaction {
  const { immediate } = db.transaction((body: () => void) => body())
  return immediate
}
