import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { addMissingColumns } from '../../src/store/add-missing-columns.js'
import { latestVersion, migrate } from '../../src/store/migrate.js'
import { openTrace } from '../../src/store/open-trace.js'
import { digestFile } from './digest-file.js'
import { insertSession, insertWindow, makeTrace } from './hand-made-trace.js'

const TABLES = ['session', 'batch', 'latency_window', 'dns_lookup', 'process', 'connect_nat', 'container']
const OLDER = Array.from({ length: latestVersion() - 1 }, (_, i) => i + 1)

const columnsOf = (db: Database.Database, table: string) =>
  db
    .prepare(`SELECT * FROM ${table}`)
    .columns()
    .map((column) => column.name)
const temporaryViews = (db: Database.Database) =>
  db.prepare("SELECT name FROM sqlite_temp_schema WHERE type = 'view' ORDER BY name").pluck().all() as string[]

function openVersion(version: number): Database.Database {
  const db = new Database(':memory:')
  migrate(db, version)
  return db
}

describe.each(OLDER)('a trace of version %i', (version) => {
  const isBefore = (other: number) => version < other

  test('has the columns of this version, through temporary views', () => {
    const newest = openVersion(latestVersion())
    const db = openVersion(version)
    addMissingColumns(db)
    for (const table of TABLES) {
      expect(columnsOf(newest, table).filter((name) => !columnsOf(db, table).includes(name))).toEqual([])
    }
  })

  test('keeps its own values, and the missing columns are NULL', () => {
    const trace = makeTrace((db) => migrate(db, version))
    const sessionId = insertSession(trace)
    trace.insert('batch', {
      session_id: sessionId,
      first_attempt_id: 1,
      attempt_count: 2,
      written_ns: 3,
      lost_ring_full_count: 4,
      lost_map_full_count: 0,
      lost_writer_behind_count: 0,
      lost_missed_count: 0,
    })
    trace.db.close()
    const db = openTrace(trace.file)
    const columns =
      'skipped_run_count, uncovered_run_count, lost_process_count, lost_skipped_count, limits, dns_ports, rotation_base, sharing, has_nat, nat_lost_count'
    const values = [sessionId, null, null, 0, 0, null, null, null, null, 0, 0]
    expect(db.prepare(`SELECT session_id, ${columns} FROM session`).raw().get()).toEqual(values)
    expect(db.prepare('SELECT attempt_count, lost_ring_full_count, lost_skipped_count FROM batch').raw().get()).toEqual(
      [2, 4, 0],
    )
    db.close()
  })

  test('does not change on disk', () => {
    const trace = makeTrace((db) => migrate(db, version))
    insertSession(trace)
    trace.db.close()
    const before = digestFile(trace.file)
    const db = openTrace(trace.file)
    const views = [
      ...(isBefore(3) ? ['connect_dns', 'dns_address'] : []),
      ...(isBefore(4) ? ['batch', 'latency_window'] : []),
      ...(isBefore(6) ? ['dns_lookup'] : []),
      // `session` and `cgroup` got columns in several versions, the last of them is 8.
      ...(isBefore(8) ? ['connect_nat', 'container', 'container_address', 'process', 'session', 'cgroup'] : []),
    ]
    expect(temporaryViews(db).toSorted()).toEqual(views.toSorted())
    expect(db.pragma('user_version', { simple: true })).toBe(version)
    db.close()
    expect(digestFile(trace.file)).toBe(before)
  })
})

test('a window of an older trace has no inexact attempts', () => {
  const trace = makeTrace((db) => migrate(db, 1))
  insertWindow(trace, insertSession(trace))
  addMissingColumns(trace.db)
  expect(trace.db.prepare('SELECT last_attempt_id, inexact FROM latency_window').raw().all()).toEqual([[1, 0]])
})

test.each([0, latestVersion(), 99])('a file of version %i is not changed', (version) => {
  const db = openVersion(latestVersion())
  db.pragma(`user_version = ${version}`)
  addMissingColumns(db)
  expect(temporaryViews(db)).toEqual([])
})
