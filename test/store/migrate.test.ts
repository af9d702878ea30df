import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { PACKAGE_ROOT } from '../../src/base/package.js'
import { APPLICATION_ID, latestVersion, migrate } from '../../src/store/migrate.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'
import { insertSession, insertWindow, makeVersion1Trace } from './hand-made-trace.js'

const pragma = (db: Database.Database, name: string) => db.pragma(name, { simple: true })
const rowsOf = (db: Database.Database, table: string) =>
  db.prepare(`SELECT * FROM ${table}`).safeIntegers().all() as Record<string, unknown>[]
const schemaOf = (db: Database.Database) => db.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all()

test('an empty file becomes a trace of the latest version', () => {
  const db = new Database(':memory:')
  migrate(db)
  expect(pragma(db, 'user_version')).toBe(latestVersion())
  expect(pragma(db, 'application_id')).toBe(APPLICATION_ID)
  expect(Buffer.from([0x74, 0x63, 0x70, 0x63]).toString()).toBe('tcpc')
  expect(APPLICATION_ID.toString(16)).toBe('74637063')
})

test('a second migration changes nothing', () => {
  const file = join(makeTemporaryDirectory(), 'trace.db')
  const db = new Database(file)
  migrate(db)
  db.exec(`INSERT INTO dns_name (dns_name) VALUES ('example.org')`)
  db.close()
  const bytes = readFileSync(file)
  const again = new Database(file)
  migrate(again)
  again.close()
  expect(readFileSync(file).equals(bytes)).toBe(true)
})

test('a failed migration changes nothing', () => {
  const db = new Database(':memory:')
  db.exec('CREATE TABLE cgroup (other INTEGER)')
  expect(() => migrate(db)).toThrow(/already exists/)
  expect(schemaOf(db)).toHaveLength(1)
  expect(pragma(db, 'user_version')).toBe(0)
  expect(pragma(db, 'application_id')).toBe(0)
})

test('a file of version 1 keeps its attempts; its windows lose their sums', () => {
  const trace = makeVersion1Trace()
  const windowId = insertWindow(trace, insertSession(trace))
  const tables = ['session', 'clock_offset', 'endpoint', 'connect_attempt']
  const before = tables.map((table) => rowsOf(trace.db, table))
  const [window] = rowsOf(trace.db, 'latency_window')
  migrate(trace.db)
  expect(pragma(trace.db, 'user_version')).toBe(latestVersion())
  // Tables have additional columns since then.
  expect(tables.map((table) => rowsOf(trace.db, table))).toMatchObject(before)
  expect(rowsOf(trace.db, 'latency_window')).toEqual([{ ...window, inexact: 0n }])
  expect(window).toMatchObject({ window_id: BigInt(windowId), last_attempt_id: 1n, max_started_ns: 5n })
  expect(rowsOf(trace.db, 'window_sums')).toEqual([])
})

test('a migrated file of version 1 has the schema of a new file', () => {
  const trace = makeVersion1Trace()
  const fresh = new Database(':memory:')
  migrate(fresh)
  expect(schemaOf(trace.db)).not.toEqual(schemaOf(fresh))
  migrate(trace.db)
  expect(schemaOf(trace.db)).toEqual(schemaOf(fresh))
})

test('a newer file is not changed', () => {
  const db = new Database(':memory:')
  migrate(db)
  db.pragma('user_version = 99')
  migrate(db)
  expect(pragma(db, 'user_version')).toBe(99)
})

test('migrations are numbered consecutively from 0001', () => {
  const names = readdirSync(join(PACKAGE_ROOT, 'migrations')).toSorted()
  const numbers = names.map((name) => /^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1])
  expect(numbers).toEqual(names.map((_, i) => String(i + 1).padStart(4, '0')))
  expect(latestVersion()).toBe(names.length)
})

test('every table is STRICT', () => {
  const db = new Database(':memory:')
  migrate(db)
  const loose = db.prepare(`SELECT name FROM pragma_table_list WHERE type = 'table' AND schema = 'main' AND NOT strict
    AND name NOT LIKE 'sqlite_%'`)
  expect(loose.pluck().all()).toEqual([])
})
