import type { Database, Statement } from 'better-sqlite3'
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

/** How a statement returns rows: as objects, as arrays with 64-bit integers, or as their only value. */
type RowForm = 'objects' | 'exact arrays' | 'values'

/** Statements of a connection, by form and SQL. */
const statements = new WeakMap<Database, Map<string, Statement<unknown[]>>>()

/**
 * A statement that is prepared once for a connection: preparing takes longer than reading a row, and a fleet has thousands of sessions.
 * While it is iterated over, it cannot be run again.
 */
export function prepareOnce(db: Database, sql: string, form: RowForm): Statement<unknown[]> {
  let ofConnection = statements.get(db)
  if (ofConnection === undefined) statements.set(db, (ofConnection = new Map()))
  const key = `${form} ${sql}`
  let statement = ofConnection.get(key)
  if (statement === undefined) ofConnection.set(key, (statement = prepareAs(db, sql, form)))
  return statement
}

function prepareAs(db: Database, sql: string, form: RowForm): Statement<unknown[]> {
  const statement = db.prepare(sql)
  if (form === 'objects') return statement
  return form === 'values' ? statement.pluck() : statement.raw().safeIntegers()
}

/**
 * A query that is built once, for callers that run it for each session or window.
 * @param build gets places for the values of its parameters
 * @returns a function that returns all rows for some values
 */
export function createQuery<Values extends readonly (number | string)[], Row>(
  build: (...places: Values) => Compilable<Row>,
): (db: Database, ...values: Values) => Row[] {
  const places: unknown[] = Array.from({ length: build.length }, (_, i) => Symbol(String(i)))
  const { sql, parameters } = build(...(places as unknown as Values)).compile()
  const positions = parameters.map((parameter) => places.indexOf(parameter))
  return (db, ...values) => {
    const bound = parameters.map((parameter, i) => (positions[i] === -1 ? parameter : values[positions[i] as number]))
    return prepareOnce(db, sql, 'objects').all(...bound) as Row[]
  }
}

/** All rows of a query. */
export function selectAll<Row>(db: Database, query: Compilable<Row>): Row[] {
  const { sql, parameters } = query.compile()
  return prepareOnce(db, sql, 'objects').all(...parameters) as Row[]
}

/** Iterates over the rows of a query, as arrays in the order of its columns. */
export function iterateRows(db: Database, query: Compilable<unknown>): IterableIterator<unknown[]> {
  const { sql, parameters } = query.compile()
  return db
    .prepare(sql)
    .raw()
    .iterate(...parameters) as IterableIterator<unknown[]>
}
