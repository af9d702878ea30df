import { createHash } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { TcpconnError } from '../base/errors.js'
import { migrate } from './migrate.js'
import { openDatabase } from './open-database.js'

/** The SQL of each object, by its type, name and table; `null` for the index of a UNIQUE constraint. */
type Schema = ReadonlyMap<string, string | null>

/** Limits of the check: more objects and longer ones than any version has. */
const MAX_OBJECTS = 1000
const MAX_SQL_BYTES = 65536

/** Tables of ANALYZE, as SQLite writes them. SQLite reserves these names and uses the tables only to plan queries. */
const STATISTICS = ['CREATE TABLE sqlite_stat1(tbl,idx,stat)', 'CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)']

/** SHA-256 of each version's schema, from the first. Avoids running the migrations (5 ms) for an unchanged schema. */
export const SCHEMA_DIGESTS: readonly string[] = [
  'f0d7fe01f075899ef45d607169774b5789479f15435cbc7d8e65e12ea833d8c4',
  'ff470f85b77274ac26f62197005313507f6f89b00649d938298d3bd5351a5be5',
  '21ca6018f2b15d423c308605291ce7030827031eea1ec105a03c74d6438cb07a',
  'a9a7125da4cdb53669cd1c388fd68435543ef0c755b0f5d40de6ada87df93d4c',
  '364c9e1d8e4ab0e7b89331c3b33f5033f15112f165297e44baf64b6d17c5ae76',
  'ebc3962515b1e5aef96832418a9a8d81228bb6ecc087baa140733862375cb265',
  'db6dfd6b4879187b6dcba358dbc298e23599614d325b2f44bf952e2438576ca9',
  'b4ebe5fb45a79513af910c8104a545f46d2421912112dec413a501b14f2594c1',
]

/**
 * Checks that a trace contains exactly the objects of its version's migrations: a view, a trigger, or an expression in
 * an index or generated column runs when a reader or writer uses it, and a virtual table runs code of its own. Tables
 * of ANALYZE are allowed. The schema is parsed, but nothing in it runs.
 * @throws E_FOREIGN_SCHEMA, E_DAMAGED_TRACE
 */
export function checkSchema(db: Database, path: string, version: number): void {
  const found = readSchema(db)
  if (digestOf(found) === SCHEMA_DIGESTS[version - 1]) return
  const expected = schemaOf(version)
  const left = new Map(expected)
  for (const [object, sql] of found) {
    if (!left.delete(object)) throw foreignObject(path, object, 'contains an object that tcpconn did not create')
    if (expected.get(object) !== sql)
      throw foreignObject(path, object, 'contains an object that differs from the schema of tcpconn')
  }
  for (const object of left.keys()) throw missingObject(path, object)
}

/** The schema after the migrations up to a version. */
function schemaOf(version: number): Schema {
  const db = openDatabase(':memory:')
  try {
    migrate(db, version)
    return new Map(readSchema(db))
  } finally {
    db.close()
  }
}

/** The digest in `SCHEMA_DIGESTS` of a database's schema. */
export function digestSchema(db: Database): string {
  return digestOf(readSchema(db))
}

function digestOf(schema: readonly (readonly [string, string | null])[]): string {
  return createHash('sha256').update(JSON.stringify(schema)).digest('hex')
}

function readSchema(db: Database): [string, string | null][] {
  const rows = db
    .prepare(
      `SELECT json_array(type, substr(name, 1, 200), substr(tbl_name, 1, 200)),
        CASE WHEN octet_length(sql) > ${MAX_SQL_BYTES} THEN '' ELSE sql END
       FROM sqlite_schema ORDER BY 1 LIMIT ${MAX_OBJECTS}`,
    )
    .raw()
    .all() as [string, string | null][]
  return rows.filter(([, sql]) => sql === null || !STATISTICS.includes(sql))
}

function nameOf(object: string): { type: string; name: string } {
  const [type, name] = JSON.parse(object) as unknown[]
  return { type: String(type), name: String(name) }
}

function foreignObject(path: string, object: string, reason: string): TcpconnError {
  const { type, name } = nameOf(object)
  // Users copy hints into a shell, so the hint contains only names that are harmless there.
  const isPlain = /^(view|trigger|index)$/.test(type) && /^\w{1,64}$/.test(name) && name !== 'connects'
  return new TcpconnError('E_FOREIGN_SCHEMA', {
    what: `cannot open ${path}: its schema was changed`,
    reason: `it ${reason}: ${type} ${name}`,
    hint: isPlain
      ? `if you created it, drop it: sqlite3 FILE 'DROP ${type.toUpperCase()} ${name}'`
      : 'get the unchanged file from its source; if you changed it, undo the change with sqlite3',
  })
}

function missingObject(path: string, object: string): TcpconnError {
  const { type, name } = nameOf(object)
  return new TcpconnError('E_DAMAGED_TRACE', {
    what: `${path} is damaged`,
    reason: `it lacks the ${type} ${name}`,
    hint: 'use a copy of it from before, or record into another file',
  })
}
