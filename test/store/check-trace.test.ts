import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { TcpconnError } from '../../src/base/errors.js'
import { cannotOpen, checkTrace } from '../../src/store/check-trace.js'
import { APPLICATION_ID, latestVersion, migrate } from '../../src/store/migrate.js'

test('a trace is distinguished from an empty file', () => {
  const db = new Database(':memory:')
  expect(checkTrace(db, 'a.db')).toBe(false)
  migrate(db)
  expect(checkTrace(db, 'a.db')).toBe(true)
})

test('a database with other tables is not a trace, whatever its version', () => {
  const db = new Database(':memory:')
  db.exec('CREATE TABLE session (a)')
  db.pragma(`user_version = ${latestVersion()}`)
  expect(() => checkTrace(db, 'a.db')).toThrow(expect.objectContaining({ code: 'E_NOT_A_TRACE' }))
})

test('an empty database with the application id of another program is left to the caller', () => {
  const db = new Database(':memory:')
  db.pragma('application_id = 1')
  expect(checkTrace(db, 'a.db')).toBe(false)
})

test('a trace of a newer version is refused, and the error names both versions', () => {
  const db = new Database(':memory:')
  db.pragma(`application_id = ${APPLICATION_ID}`)
  db.pragma('user_version = 99')
  const reason = `its format is version 99; this tcpconn supports up to ${latestVersion()}`
  expect(() => checkTrace(db, 'a.db')).toThrow(expect.objectContaining({ code: 'E_NEWER_TRACE', reason }))
})

test.each([
  ['SQLITE_NOTADB', 'E_NOT_SQLITE'],
  ['SQLITE_CORRUPT', 'E_DAMAGED_TRACE'],
  ['SQLITE_CORRUPT_VTAB', 'E_DAMAGED_TRACE'],
  ['SQLITE_CANTOPEN', 'E_CANNOT_OPEN'],
  ['SQLITE_BUSY', 'E_LOCKED_TRACE'],
])('%s becomes %s, with the original error as cause', (sqliteCode, code) => {
  const cause = new Database.SqliteError('what SQLite said', sqliteCode)
  const error = cannotOpen('a.db', cause)
  expect(error).toMatchObject({ code, cause })
  expect(error.message).toContain('a.db')
})

test('a TcpconnError does not change', () => {
  const error = new TcpconnError('E_ANY', { what: 'a', reason: 'b', hint: 'c' })
  expect(cannotOpen('a.db', error)).toBe(error)
})
