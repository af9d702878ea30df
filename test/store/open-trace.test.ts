import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { TcpconnError } from '../../src/base/errors.js'
import { latestVersion } from '../../src/store/migrate.js'
import { openTrace } from '../../src/store/open-trace.js'
import { mount } from '../support/mount.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'
import { insertSession, makeTrace, makeVersion1Trace } from './hand-made-trace.js'

/** A file of the running test with these bytes. */
function makeFile(content: string | Uint8Array): string {
  const file = join(makeTemporaryDirectory(), 'file.db')
  writeFileSync(file, content)
  return file
}

/** A closed trace with one session and some pages of rows. */
function closedTrace(): string {
  const trace = makeTrace()
  insertSession(trace)
  trace.db
    .exec(`INSERT INTO dns_name (dns_name) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000)
    SELECT 'host-' || i || '.example.org' FROM n`)
  trace.db.close()
  return trace.file
}

function openError(file: string): TcpconnError {
  try {
    openTrace(file).close()
  } catch (error) {
    if (error instanceof TcpconnError) return error
    throw error
  }
  throw new Error(`${file} was opened`)
}

describe('a trace', () => {
  test('is opened read-only', () => {
    const db = openTrace(closedTrace())
    expect(db.prepare('SELECT host FROM session').pluck().get()).toBe('host')
    expect(() => db.exec('DELETE FROM session')).toThrow(/readonly/)
    db.close()
  })

  test('is read while it is being recorded', () => {
    const trace = makeTrace()
    trace.db.pragma('journal_mode = WAL')
    insertSession(trace)
    const reader = openTrace(trace.file)
    expect(reader.prepare('SELECT count(*) FROM session').pluck().get()).toBe(1)
    insertSession(trace)
    expect(reader.prepare('SELECT count(*) FROM session').pluck().get()).toBe(2)
    reader.close()
    trace.db.close()
  })

  test('is read with its write-ahead log, as a killed recorder leaves it', () => {
    const trace = makeTrace()
    trace.db.pragma('journal_mode = WAL')
    insertSession(trace)
    const copy = join(makeTemporaryDirectory(), 'trace.db')
    for (const suffix of ['', '-wal']) copyFileSync(trace.file + suffix, copy + suffix)
    trace.db.close()
    const db = openTrace(copy)
    expect(db.prepare('SELECT count(*) FROM session').pluck().get()).toBe(1)
    db.close()
  })

  test('in a read-only directory can be read', () => {
    const file = closedTrace()
    makeReadOnly(dirname(file))
    expect(() => writeFileSync(`${file}-new`, '')).toThrow(/EROFS|EACCES/)
    const db = openTrace(file)
    expect(db.prepare('SELECT host FROM session').pluck().get()).toBe('host')
    db.close()
  })

  test.each([
    ['with its log', ['', '-wal']],
    ['without its log', ['']],
  ])('of an unclean shutdown, %s, cannot be read there: the hint says what to copy where', (_, suffixes) => {
    const trace = makeTrace()
    trace.db.pragma('journal_mode = WAL')
    insertSession(trace)
    const copy = join(makeTemporaryDirectory(), 'trace.db')
    for (const suffix of suffixes) copyFileSync(trace.file + suffix, copy + suffix)
    trace.db.close()
    makeReadOnly(dirname(copy))
    const error = openError(copy)
    expect(error.code).toBe('E_CANNOT_OPEN')
    expect(error.reason).toContain('write access to its directory')
    expect(error.hint).toContain(`${copy}-wal`)
  })

  test('of an older version is read without changing it', () => {
    const { file, db } = makeVersion1Trace()
    db.close()
    openTrace(file).close()
    expect(readPragma(file, 'user_version')).toBe(1)
  })

  test('is opened with the protections of SQLite against untrusted files (SEC-39)', () => {
    const db = openTrace(closedTrace())
    expect(db.pragma('trusted_schema', { simple: true })).toBe(0)
    expect(db.pragma('query_only', { simple: true })).toBe(1)
    expect(db.pragma('cell_size_check', { simple: true })).toBe(1)
    expect(() => db.prepare(`SELECT load_extension('evil.so')`).get()).toThrow(/not authorized/)
    db.pragma('query_only = OFF')
    db.pragma('writable_schema = ON')
    expect(() => db.prepare(`UPDATE sqlite_schema SET sql = ''`).run()).toThrow(/may not be modified/)
    db.close()
  })
})

describe('a file that is not a trace', () => {
  test.each([
    ['E_NO_SUCH_FILE', 'no such file', () => join(makeTemporaryDirectory(), 'missing.db')],
    ['E_NO_SUCH_FILE', 'not a regular file', () => makeTemporaryDirectory()],
    ['E_NO_SUCH_FILE', 'not a regular file', makeFifo],
    ['E_NOT_A_TRACE', 'the file is empty', () => makeFile('')],
    ['E_NOT_SQLITE', 'not an SQLite file', () => makeFile('time,latency\n'.repeat(100))],
    ['E_NOT_A_TRACE', 'of another program', makeOtherDatabase],
    ['E_NEWER_TRACE', `this tcpconn supports up to ${latestVersion()}`, makeNewerTrace],
  ])('%s: %s', (code, reason, make) => {
    const file = make()
    const error = openError(file)
    expect(error.code).toBe(code)
    expect(error.reason).toContain(reason)
    expect(error.message).toContain(file)
    expect(error.hint).not.toBe('')
  })

  test('E_NO_SUCH_FILE or E_CANNOT_OPEN: a path through a file, a name that is too long', () => {
    const file = closedTrace()
    expect(openError(join(file, 'below.db')).code).toMatch(/^E_(NO_SUCH_FILE|CANNOT_OPEN)$/)
    expect(openError(join(dirname(file), 'x'.repeat(300))).code).toMatch(/^E_(NO_SUCH_FILE|CANNOT_OPEN)$/)
  })
})

describe('a damaged trace', () => {
  test.each([50, 100, 2000, 4096, 10_000])('E_DAMAGED_TRACE: truncated to %i bytes', (length) => {
    const file = makeFile(readFileSync(closedTrace()).subarray(0, length))
    const error = openError(file)
    expect(error.code).toBe('E_DAMAGED_TRACE')
    expect(error.hint).toContain('.recover')
    expect(error.cause).toBeInstanceOf(Database.SqliteError)
  })

  test('E_DAMAGED_TRACE: its schema does not parse', () => {
    const trace = makeTrace()
    trace.db.unsafeMode(true)
    trace.db.pragma('writable_schema = ON')
    trace.db.exec(`UPDATE sqlite_schema SET sql = 'CREATE TABLE session (' WHERE name = 'session'`)
    trace.db.close()
    expect(openError(trace.file).code).toBe('E_DAMAGED_TRACE')
  })

  test('with any byte of the header flipped opens, or throws a TcpconnError', () => {
    const bytes = readFileSync(closedTrace())
    for (let at = 0; at < 100; at++) {
      const damaged = Uint8Array.from(bytes)
      damaged[at]! ^= 0xff
      const file = makeFile(damaged)
      try {
        openTrace(file).close()
      } catch (error) {
        expect((error as TcpconnError).code, `byte ${at}`).toMatch(/^E_[A-Z_]+$/)
      }
    }
  })
})

function makeFifo(): string {
  const path = join(makeTemporaryDirectory(), 'fifo')
  execFileSync('mkfifo', [path])
  return path
}

function makeOtherDatabase(): string {
  const file = join(makeTemporaryDirectory(), 'other.db')
  new Database(file).exec('CREATE TABLE other (a)').close()
  return file
}

function makeNewerTrace(): string {
  const file = closedTrace()
  setPragma(file, `user_version = ${latestVersion() + 1}`)
  return file
}

function setPragma(file: string, pragma: string): void {
  const db = new Database(file)
  db.pragma(pragma)
  db.close()
}

function readPragma(file: string, pragma: string): unknown {
  const db = new Database(file, { readonly: true })
  try {
    return db.pragma(pragma, { simple: true })
  } finally {
    db.close()
  }
}

/** Permissions do not stop root: a read-only mount is necessary. */
function makeReadOnly(directory: string): void {
  if (process.getuid?.() === 0) mount(directory, ['--bind', '-o', 'ro', directory])
  else chmodSync(directory, 0o555)
}
