import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { TcpconnError } from '../../src/base/errors.js'
import { cannotOpen, checkTrace } from '../../src/store/check-trace.js'
import { APPLICATION_ID, latestVersion, migrate } from '../../src/store/migrate.js'

test('a trace is told from an empty file', () => {
  const db = new Database(':memory:')
  expect(checkTrace(db, 'a.db')).toBe(false)
  migrate(db)
  expect(checkTrace(db, 'a.db')).toBe(true)
})

test('a database with tables of its own is none, whatever its version', () => {
  const db = new Database(':memory:')
  db.exec('CREATE TABLE session (a)')
  db.pragma(`user_version = ${latestVersion()}`)
  expect(() => checkTrace(db, 'a.db')).toThrow(expect.objectContaining({ code: 'E_NOT_A_TRACE' }))
})

test('an empty database with the id of another program is left to whoever asks', () => {
  const db = new Database(':memory:')
  db.pragma('application_id = 1')
  expect(checkTrace(db, 'a.db')).toBe(false)
})

test('a trace of a newer version is refused, naming both versions', () => {
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
])('%s becomes %s and stays the cause', (sqliteCode, code) => {
  const cause = new Database.SqliteError('what SQLite said', sqliteCode)
  const error = cannotOpen('a.db', cause)
  expect(error).toMatchObject({ code, cause })
  expect(error.message).toContain('a.db')
})

test('an error of ours is handed on as it is', () => {
  const error = new TcpconnError('E_ANY', { what: 'a', reason: 'b', hint: 'c' })
  expect(cannotOpen('a.db', error)).toBe(error)
})
