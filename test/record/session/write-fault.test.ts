import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { TcpconnError } from '../../../src/errors.js'
import { lockedTrace, writeFault } from '../../../src/record/session/write-fault.js'

test.each([
  ['SQLITE_FULL', 'E_DISK_FULL', /database or disk is full.*is in the file/],
  ['SQLITE_BUSY', 'E_LOCKED_TRACE', /another program has held it locked/],
  ['SQLITE_BUSY_SNAPSHOT', 'E_LOCKED_TRACE', /another program has held it locked/],
  ['SQLITE_IOERR_WRITE', 'E_WRITE', /SQLITE_IOERR_WRITE.*is in the file/],
  ['SQLITE_READONLY', 'E_WRITE', /SQLITE_READONLY/],
  ['SQLITE_CORRUPT', 'E_WRITE', /SQLITE_CORRUPT/],
])('%s is %s', (sqliteCode, code, reason) => {
  const cause = new Database.SqliteError('database or disk is full', sqliteCode)
  const error = writeFault('/data/a.db', cause) as TcpconnError
  expect(error).toBeInstanceOf(TcpconnError)
  expect(error).toMatchObject({ code, cause, reason: expect.stringMatching(reason) })
  expect(error.message).toContain('/data/a.db')
})

test.each([new Error('a bug'), new TcpconnError('E_ANY', { what: 'a', reason: 'b', hint: 'c' }), 'a text'])(
  'what does not come from SQLite stays as it is: %s',
  (thrown) => {
    expect(writeFault('/data/a.db', thrown)).toBe(thrown)
  },
)

test('a file that stays locked at the end is an error of its own', () => {
  expect(lockedTrace('/data/a.db')).toMatchObject({
    code: 'E_LOCKED_TRACE',
    message: expect.stringContaining('/data/a.db'),
  })
})
