import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { TcpconnError } from '../../src/base/errors.js'
import { checkSchema, digestSchema, SCHEMA_DIGESTS } from '../../src/store/check-schema.js'
import { latestVersion, migrate } from '../../src/store/migrate.js'
import { openTrace } from '../../src/store/open-trace.js'
import { countStatements } from '../support/count-work.js'
import { insertSession, makeTrace, makeVersion1Trace } from './hand-made-trace.js'

function refusal(body: () => unknown): TcpconnError {
  try {
    body()
  } catch (error) {
    if (error instanceof TcpconnError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** The error of opening a trace after running this SQL. */
function refusalAfter(sql: string): TcpconnError {
  const trace = makeTrace()
  insertSession(trace)
  trace.db.exec(sql)
  trace.db.close()
  return refusal(() => openTrace(trace.file).close())
}

test('every version has the digest of its schema', () => {
  const digests = Array.from({ length: latestVersion() }, (_, i) => {
    const db = new Database(':memory:')
    migrate(db, i + 1)
    return digestSchema(db)
  })
  expect(digests).toEqual(SCHEMA_DIGESTS)
})

test('a trace of any version is accepted, including upgraded ones', () => {
  const { db } = makeVersion1Trace()
  expect(() => checkSchema(db, 'a.db', 1)).not.toThrow()
  migrate(db)
  expect(() => checkSchema(db, 'a.db', latestVersion())).not.toThrow()
  db.exec('VACUUM')
  expect(() => checkSchema(db, 'a.db', latestVersion())).not.toThrow()
})

test('the tables that ANALYZE creates are accepted', () => {
  const { db, file } = makeTrace()
  db.exec('ANALYZE')
  expect(db.prepare(`SELECT count(*) FROM sqlite_schema WHERE name LIKE 'sqlite_stat%'`).pluck().get()).toBeGreaterThan(
    0,
  )
  db.close()
  openTrace(file).close()
})

describe('E_FOREIGN_SCHEMA', () => {
  test.each([
    ['a view', `CREATE VIEW planted AS SELECT load_extension('evil.so')`, /did not create: view planted/],
    ['a trigger', `CREATE TRIGGER t AFTER INSERT ON session BEGIN DELETE FROM session; END`, /trigger t/],
    ['a table', 'CREATE TABLE extra (a)', /table extra/],
    ['a generated column', `CREATE TABLE g (a, b AS (upper(a)))`, /table g/],
    ['a virtual table', 'CREATE VIRTUAL TABLE v USING fts5(a)', /table v/],
    ['an index on an expression', `CREATE INDEX e ON process (upper(comm))`, /index e/],
    ['a plain index', 'CREATE INDEX p ON process (comm)', /index p/],
    ['a partial index', `CREATE INDEX q ON process (comm) WHERE pid > abs(comm)`, /index q/],
    [
      'an additional column',
      'ALTER TABLE session ADD COLUMN more INTEGER',
      /differs from the schema of tcpconn: table session/,
    ],
    ['another view connects', `DROP VIEW connects; CREATE VIEW connects AS SELECT 1 AS pid`, /view connects/],
    ['a table instead of the view', `DROP VIEW connects; CREATE TABLE connects (pid)`, /table connects/],
    ['a view instead of a table', `DROP TABLE batch; CREATE VIEW batch AS SELECT 1`, /view batch/],
  ])('%s (SEC-40)', (_, sql, reason) => {
    const error = refusalAfter(sql)
    expect(error.code).toBe('E_FOREIGN_SCHEMA')
    expect(error.reason).toMatch(reason)
    expect(error.hint).not.toBe('')
  })

  test('a table with a name of SQLite that SQLite did not create', () => {
    const trace = makeTrace()
    trace.db.unsafeMode(true)
    trace.db.pragma('writable_schema = ON')
    const plant = (name: string, sql: string) =>
      trace.db.prepare(`INSERT INTO sqlite_schema VALUES ('table', ?, ?, 0, ?)`).run(name, name, sql)
    plant('sqlite_stat1', 'CREATE VIRTUAL TABLE sqlite_stat1 USING dbstat')
    trace.db.close()
    expect(refusal(() => openTrace(trace.file).close()).code).toMatch(/^E_(FOREIGN_SCHEMA|DAMAGED_TRACE)$/)
  })

  test('the hint drops an added object if it is safe, and never contains a command of an attacker (SEC-42)', () => {
    expect(refusalAfter('CREATE INDEX mine ON process (comm)').hint).toContain('DROP INDEX mine')
    for (const name of [`a'; rm -rf ~; '`, '$(reboot)', 'a b', '`id`', 'x'.repeat(1000)]) {
      const { hint, reason } = refusalAfter(`CREATE VIEW "${name}" AS SELECT 1`)
      expect(hint).not.toContain(name)
      expect(reason.length).toBeLessThan(400)
    }
  })

  test('of ten thousand objects, the first thousand are read', () => {
    const trace = makeTrace()
    trace.db.transaction(() => {
      for (let i = 0; i < 10_000; i++) trace.db.exec(`CREATE VIEW v${i} AS SELECT 1`)
    })()
    trace.db.close()
    const { executions, rows } = countStatements()
    expect(refusal(() => openTrace(trace.file).close()).code).toBe('E_FOREIGN_SCHEMA')
    expect(executions(/FROM sqlite_schema/)).toBeLessThan(10)
    expect(rows()).toBeLessThan(2000)
  })
})

describe('E_DAMAGED_TRACE', () => {
  test.each([
    ['a missing table', 'DROP TABLE connect_dns', /lacks the table connect_dns/],
    ['a missing index', 'DROP INDEX batch_of_session', /lacks the index batch_of_session/],
    ['no version', 'PRAGMA user_version = 0', /is version 0/],
    ['a version below 1', 'PRAGMA user_version = -1', /is version -1/],
  ])('%s', (_, sql, reason) => {
    const error = refusalAfter(sql)
    expect(error.code).toBe('E_DAMAGED_TRACE')
    expect(error.reason).toMatch(reason)
  })

  test('the check does not run planted objects (SEC-40)', () => {
    const trace = makeTrace()
    trace.db.exec('CREATE VIEW loop AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n')
    trace.db.close()
    expect(refusal(() => openTrace(trace.file)).code).toBe('E_FOREIGN_SCHEMA')
  })
})
