import { createHash } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { TcpconnError } from '../errors.js'
import { migrate } from './migrate.js'
import { openDatabase } from './open-database.js'

/** The SQL that makes each object, by its type, name and table; `null` for the index behind a UNIQUE. */
type Schema = ReadonlyMap<string, string | null>

/** More objects and longer ones than any version has: reading stops there. */
const MAX_OBJECTS = 1000
const MAX_SQL_BYTES = 65536

/** What ANALYZE makes, in the words of SQLite. Names like these are its own, and it reads them only to plan queries. */
const STATISTICS = ['CREATE TABLE sqlite_stat1(tbl,idx,stat)', 'CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)']

/** SHA-256 of each version's schema, from the first: saves the 5 ms of running the migrations for what is as it should be. */
export const SCHEMA_DIGESTS: readonly string[] = [
  'f0d7fe01f075899ef45d607169774b5789479f15435cbc7d8e65e12ea833d8c4',
  'ff470f85b77274ac26f62197005313507f6f89b00649d938298d3bd5351a5be5',
  '21ca6018f2b15d423c308605291ce7030827031eea1ec105a03c74d6438cb07a',
  'a9a7125da4cdb53669cd1c388fd68435543ef0c755b0f5d40de6ada87df93d4c',
]

/**
 * Makes sure that a trace holds what its version's migrations make, and nothing else: a view, a trigger, an expression in
 * an index or in a generated column runs whenever somebody reads or writes, and a virtual table is code of its own. What
 * ANALYZE leaves is allowed. The schema has to parse; nothing of it is run.
 * @throws E_FOREIGN_SCHEMA, E_DAMAGED_TRACE
 */
export function checkSchema(db: Database, path: string, version: number): void {
  const found = readSchema(db)
  if (digestOf(found) === SCHEMA_DIGESTS[version - 1]) return
  const expected = schemaOf(version)
  const left = new Map(expected)
  for (const [object, sql] of found) {
    if (!left.delete(object)) throw foreignObject(path, object, 'holds what tcpconn did not make')
    if (expected.get(object) !== sql) throw foreignObject(path, object, 'holds what is not as tcpconn made it')
  }
  for (const object of left.keys()) throw missingObject(path, object)
}

/** What the migrations up to a version make. */
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
  // A hint is copied into a shell: no name of a stranger's making that could do anything there.
  const isPlain = /^(view|trigger|index)$/.test(type) && /^\w{1,64}$/.test(name) && name !== 'connects'
  return new TcpconnError('E_FOREIGN_SCHEMA', {
    what: `${path} is not opened: its schema was changed`,
    reason: `it ${reason}: ${type} ${name}`,
    hint: isPlain
      ? `if it is your own, drop it: sqlite3 FILE 'DROP ${type.toUpperCase()} ${name}'`
      : 'if you got it from somebody, ask for the file as tcpconn wrote it; if it is your own, undo the change with sqlite3',
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
