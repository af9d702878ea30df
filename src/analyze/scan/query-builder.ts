import type { Database } from 'better-sqlite3'
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, type Compilable } from 'kysely'
import type { TraceSchema } from '../../store/schema.js'

/** Builds SQL over the tables of a trace. better-sqlite3 runs it, without a promise per query. */
export const queries = new Kysely<TraceSchema>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

/** All rows of a query. */
export function selectAll<Row>(db: Database, query: Compilable<Row>): Row[] {
  const { sql, parameters } = query.compile()
  return db.prepare(sql).all(...parameters) as Row[]
}

/** Iterates over the rows of a query, as arrays in the order of its columns. */
export function iterateRows(db: Database, query: Compilable<unknown>): IterableIterator<unknown[]> {
  const { sql, parameters } = query.compile()
  return db
    .prepare(sql)
    .raw()
    .iterate(...parameters) as IterableIterator<unknown[]>
}
