import Database from 'better-sqlite3'
import { expect, test, vi } from 'vitest'
import { createTransaction } from '../../../src/record/write/transaction.js'
import { openNewTrace } from '../new-trace.js'

const insert = (db: Database.Database, name: string) =>
  db.prepare('INSERT INTO dns_name (dns_name) VALUES (?)').run(name)
const namesIn = (db: Database.Database) => db.prepare('SELECT dns_name FROM dns_name').pluck().all()

test('a transaction writes everything that its body writes', () => {
  const { db, file } = openNewTrace()
  createTransaction(db)(() => {
    insert(db, 'a')
    insert(db, 'b')
  })
  const reader = new Database(file, { readonly: true })
  expect(namesIn(reader)).toEqual(['a', 'b'])
  reader.close()
})

test('a body that throws writes nothing, and its error is thrown; the next transaction works', () => {
  const { db } = openNewTrace()
  const inTransaction = createTransaction(db)
  const error = new Error('stop')
  expect(() =>
    inTransaction(() => {
      insert(db, 'a')
      throw error
    }),
  ).toThrow(error)
  expect([db.inTransaction, namesIn(db)]).toEqual([false, []])
  inTransaction(() => void insert(db, 'b'))
  expect(namesIn(db)).toEqual(['b'])
})

test('a locked file throws before the body runs', () => {
  const { db, file } = openNewTrace()
  const inTransaction = createTransaction(db)
  const other = new Database(file)
  other.exec('BEGIN IMMEDIATE')
  const body = vi.fn()
  expect(() => inTransaction(body)).toThrow(/locked/)
  expect(body).not.toHaveBeenCalled()
  other.exec('COMMIT')
  inTransaction(body)
  expect(body).toHaveBeenCalledTimes(1)
  other.close()
})
