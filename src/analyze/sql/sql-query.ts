import type { Database } from 'better-sqlite3'
import { UsageError } from '../../base/errors.js'
import { formatCount, formatPlural } from '../../text/format-number.js'
import type { StoredQuery } from '../query/stored-query.js'
import type { Column, Row, Value } from '../result/result.js'
import type { Scope } from '../scan/scope.js'
import type { Trace } from '../scan/trace.js'
import type { Statement } from './read-statement.js'
import { coversAll, missingColumns, selectConnects } from './select-connects.js'
import { sqlError, sqlFault } from './sql-error.js'

/** Limit of SQLite: ten attached databases. */
const MAX_FILES = 11
/** Limit of all texts of a result: larger results do not fit into memory in every format. */
const MAX_CHARACTERS = 1 << 26

/**
 * A query in SQL of the user over `connects`, which contains the attempts that the options select. Reads rows one by one up to the
 * limit. Blobs are hexadecimal.
 * @param statement from `readStatement`
 */
export function createSqlQuery(
  name: string,
  statement: Statement,
  description = 'own SQL over the view connects, read-only',
): StoredQuery {
  return {
    name,
    description,
    example: `tcpconn analyze ${name}`,
    columns: [],
    run(scope, { limit, values }) {
      try {
        const db = openConnects(scope)
        const prepared = prepare(db, statement)
        const names = nameColumns(prepared.columns().map((column) => column.name))
        const { rows, cut } = takeRows(prepared.iterate(bindValues(statement, values)) as Iterable<unknown[]>, limit)
        const columns = names.map((column, i): Column => ({ name: column, heading: column, kind: kindOf(rows, i) }))
        return { columns, rows, hiddenRows: 0, notes: [...noteCut(cut, rows.length), ...noteSessions(scope)] }
      } catch (thrown) {
        throw sqlFault(thrown)
      }
    },
  }
}

/** The connection of the first trace, with the others attached read-only. */
function openConnects(scope: Scope): Database {
  const traces = [...new Set(scope.parts.map((part) => part.trace))] as [Trace, ...Trace[]]
  const [{ lookup: db }] = traces
  if (traces.length > MAX_FILES) throw new UsageError('FILE', `${traces.length} files`, `at most ${MAX_FILES} in sql`)
  const isWhole = traces.length === 1 && coversAll(scope) && sessionCount(db) === scope.parts.length
  if (isWhole && missingColumns(db).length === 0) return db
  const schemas = new Map(traces.map((trace, i) => [trace, i === 0 ? 'main' : `trace${i + 1}`]))
  // A temporary view, which hides the view of the file; that remains available as main.connects.
  db.pragma('query_only = OFF')
  for (const [trace, schema] of schemas) if (schema !== 'main') db.prepare(`ATTACH ? AS ${schema}`).run(trace.path)
  db.exec(`CREATE TEMP VIEW connects AS ${selectConnects(scope, schemas)}`)
  db.pragma('query_only = ON')
  return db
}

function prepare(db: Database, { text }: Statement) {
  const prepared = db.prepare(text)
  // readStatement refuses statements that are known to write; SQLite makes the final check.
  if (!prepared.reader || !prepared.readonly) throw sqlError('it does not only read')
  return prepared.raw().safeIntegers()
}

/** Converts values of `--name` that look like numbers. Integers become bigints: LIMIT does not accept REAL. */
function bindValues({ parameters }: Statement, values: Readonly<Record<string, string | undefined>>) {
  const bound = parameters.map((name) => {
    const text = values[name]
    if (text === undefined) throw new UsageError(`--${name}`, '', `a value for :${name}, and there is none without it`)
    return [name, /^-?\d{1,18}$/.test(text) ? BigInt(text) : isNumber(text) ? Number(text) : text] as const
  })
  return Object.fromEntries(bound)
}

function isNumber(text: string): boolean {
  return /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)
}

/** Why rows are left out; `null`: all rows are there. */
type Cut = 'by the limit' | 'by its size' | null

/** The first rows, up to the limits of rows and of memory: an untrusted file may contain texts of any length. */
function takeRows(found: Iterable<unknown[]>, limit: number): { rows: Row[]; cut: Cut } {
  const rows: Row[] = []
  let characters = 0
  for (const row of found) {
    if (rows.length >= limit) return { rows, cut: 'by the limit' }
    if (characters > MAX_CHARACTERS) return { rows, cut: 'by its size' }
    const values = row.map(toValue)
    for (const value of values) if (typeof value === 'string') characters += value.length
    rows.push(values)
  }
  return { rows, cut: null }
}

function toValue(value: unknown): Value {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : (value as Value)
}

/** Adds numbers to duplicate names, so that they are unique keys. */
function nameColumns(names: readonly string[]): string[] {
  const seen = new Map<string, number>()
  return names.map((name) => {
    const count = seen.get(name) ?? 0
    seen.set(name, count + 1)
    return count === 0 ? name : `${name}:${count}`
  })
}

function kindOf(rows: readonly Row[], column: number): Column['kind'] {
  return rows.some((row) => typeof row[column] === 'string') ? 'text' : 'number'
}

function noteCut(cut: Cut, rows: number): string[] {
  if (cut === null) return []
  const first = `only the first ${formatPlural(rows, 'row')}`
  if (cut === 'by the limit') return [`${first}; --limit ROWS takes more, tcpconn export all attempts`]
  const cap = `a result holds ${formatCount(MAX_CHARACTERS)} characters of text, whatever --limit says`
  return [`${first}: ${cap}; select fewer columns or rows, tcpconn export takes all attempts`]
}

function noteSessions({ parts }: Scope): string[] {
  const [part] = parts
  const isOne = part !== undefined && parts.length === 1 && sessionCount(part.trace.lookup) > 1
  return isOne ? [`connects holds session ${part.sessionId}; --session all takes every one`] : []
}

function sessionCount(db: Database): number {
  return db.prepare('SELECT count(*) FROM session').pluck().get() as number
}
