import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { TcpconnError } from '../../../src/base/errors.js'
import { lockedTrace, startFault, writeFault } from '../../../src/record/output/write-fault.js'
import { mount } from '../../support/mount.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

test.each([
  ['SQLITE_FULL', 'E_DISK_FULL', /database or disk is full.*are in the file/],
  ['SQLITE_BUSY', 'E_LOCKED_TRACE', /another program held a lock on it/],
  ['SQLITE_BUSY_SNAPSHOT', 'E_LOCKED_TRACE', /another program held a lock on it/],
  ['SQLITE_IOERR_WRITE', 'E_WRITE', /SQLITE_IOERR_WRITE.*are in the file/],
  ['SQLITE_READONLY', 'E_WRITE', /SQLITE_READONLY/],
  ['SQLITE_CORRUPT', 'E_WRITE', /SQLITE_CORRUPT/],
])('%s is reported as %s', (sqliteCode, code, reason) => {
  const cause = new Database.SqliteError('database or disk is full', sqliteCode)
  const error = writeFault('/data/a.db', cause) as TcpconnError
  expect(error).toBeInstanceOf(TcpconnError)
  expect(error).toMatchObject({ code, cause, reason: expect.stringMatching(reason) })
  expect(error.message).toContain('/data/a.db')
})

test.each([new Error('a bug'), new TcpconnError('E_ANY', { what: 'a', reason: 'b', hint: 'c' }), 'a text'])(
  'an error that does not come from SQLite does not change: %s',
  (thrown) => {
    expect(writeFault('/data/a.db', thrown)).toBe(thrown)
  },
)

test('a file that is still locked at the end is an error of its own', () => {
  expect(lockedTrace('/data/a.db')).toMatchObject({
    code: 'E_LOCKED_TRACE',
    message: expect.stringContaining('/data/a.db'),
  })
})

describe.runIf(process.getuid?.() === 0)('on a full disk (only root can mount one)', () => {
  test.each(['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_SHMSIZE', 'SQLITE_CANTOPEN'])(
    '%s is reported as E_DISK_FULL',
    (code) => {
      const directory = makeTemporaryDirectory()
      mount(directory, ['-t', 'tmpfs', '-o', 'size=16k', 'none'])
      const cause = new Database.SqliteError('disk I/O error', code)
      for (const faultOf of [startFault, writeFault]) {
        expect(faultOf(join(directory, 'a.db'), cause)).toMatchObject({ code: 'E_DISK_FULL', cause })
      }
    },
  )
})

test.each([
  ['SQLITE_FULL', 'E_DISK_FULL'],
  ['SQLITE_BUSY', 'E_LOCKED_TRACE'],
  ['SQLITE_CORRUPT', 'E_DAMAGED_TRACE'],
  ['SQLITE_IOERR_READ', 'E_CANNOT_OPEN'],
])('before the first write, %s is reported as %s, without a promise about written data', (sqliteCode, code) => {
  const error = startFault('/data/a.db', new Database.SqliteError('what SQLite said', sqliteCode)) as TcpconnError
  expect(error.code).toBe(code)
  expect(error.message + error.reason).not.toMatch(/stopped|written before/)
})

test('before the first write, a bug does not change', () => {
  const bug = new RangeError('a bug')
  expect(startFault('/data/a.db', bug)).toBe(bug)
})
