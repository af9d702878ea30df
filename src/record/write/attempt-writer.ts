import type { Database, Statement } from 'better-sqlite3'
import { hasLatency, type AttemptBatch, type RowShape } from './attempt-batch.js'
import type { Dictionaries } from './dictionaries.js'
import { connectOutcome } from '../event/wire.gen.js'

/** Rows per statement. More rows gain nothing; fewer cost a call each. */
const STATEMENT_ROWS = [64, 8, 1] as const
/** Bound values per row; the others are literals of the statement. */
const BOUND = 6
/** Limit of prepared shapes: a host has a few dozen. */
const MAX_PREPARED = 64

interface PreparedShape {
  readonly bySize: (Statement | undefined)[]
}

/** Inserts batches into connect_attempt. Rows of one shape are consecutive, in order of arrival. */
export interface AttemptWriter {
  /**
   * Ids are consecutive in the order of insertion. Call inside a transaction.
   * @returns the rows of the batch in that order, by shape
   */
  insert(batch: AttemptBatch): Uint32Array[]
}

/** Row ids by entry number. */
export type RowIds = Pick<Dictionaries, 'processIds' | 'endpointIds'>

/** The session of a writer. */
export interface SessionOfWriter {
  readonly sessionId: number
  /** Start of the file in recording time, ns: rows are relative to it */
  readonly sinceNs: number
}

/** The id of the session becomes a literal of every statement. */
export function createAttemptWriter(db: Database, { sessionId, sinceNs }: SessionOfWriter, ids: RowIds): AttemptWriter {
  const prepared = new Map<string, PreparedShape>()
  const values = STATEMENT_ROWS.map((rows) => new Array<number | null>(rows * BOUND).fill(0))

  const statementOf = (shape: RowShape, size: number): Statement => {
    const key = `${shape.outcome}/${shape.errno}/${shape.synRetransmits}/${shape.flags}`
    if (!prepared.has(key) && prepared.size >= MAX_PREPARED) prepared.clear()
    const entry = prepared.get(key) ?? { bySize: [] }
    prepared.set(key, entry)
    return (entry.bySize[size] ??= db.prepare(insertSql(sessionId, shape, STATEMENT_ROWS[size] as number)))
  }
  const insertShape = (batch: AttemptBatch, shapeIndex: number, rows: Uint32Array) => {
    const shape = batch.shapes[shapeIndex] as RowShape
    let next = 0
    STATEMENT_ROWS.forEach((size, i) => {
      while (rows.length - next >= size) {
        const bound = values[i] as (number | null)[]
        bindRows(batch, { ids, sinceNs }, shape, rows.subarray(next, next + size), bound)
        statementOf(shape, i).run(...bound)
        next += size
      }
    })
  }
  return {
    insert(batch) {
      const groups = groupByShape(batch)
      groups.forEach((rows, shapeIndex) => insertShape(batch, shapeIndex, rows))
      return groups
    },
  }
}

function insertSql(sessionId: number, shape: RowShape, rows: number): string {
  const errno = shape.errno === 0 ? 'NULL' : shape.errno
  // The probe reads the retransmits at the end of an attempt.
  const synRetransmits = shape.outcome === connectOutcome.pending ? 'NULL' : shape.synRetransmits
  const row = `(NULL,${sessionId},?,?,${shape.outcome},${errno},${synRetransmits},${shape.flags},?,?,?,?)`
  return `INSERT INTO connect_attempt VALUES ${Array(rows).fill(row).join(',')}`
}

function bindRows(
  batch: AttemptBatch,
  { ids, sinceNs }: { readonly ids: RowIds; readonly sinceNs: number },
  shape: RowShape,
  rows: Uint32Array,
  bound: (number | null)[],
): void {
  const isKnown = hasLatency(shape.outcome, shape.flags)
  for (let i = 0, at = 0; i < rows.length; i++, at += BOUND) {
    const row = rows[i] as number
    bound[at] = (batch.startedNs[row] as number) - sinceNs
    bound[at + 1] = isKnown ? (batch.latencyNs[row] as number) : null
    bound[at + 2] = ids.processIds[batch.processEntry[row] as number] as number
    bound[at + 3] = batch.tidDelta[row] as number
    bound[at + 4] = ids.endpointIds[batch.endpointEntry[row] as number] as number
    bound[at + 5] = batch.localEndpoint[row] as number
  }
}

/** Row numbers by shape: a counting sort, which keeps the order within a shape. */
function groupByShape(batch: AttemptBatch): Uint32Array[] {
  const counts = new Uint32Array(batch.shapes.length)
  for (let row = 0; row < batch.count; row++) counts[batch.shape[row] as number]!++
  const groups = Array.from(counts, (count) => new Uint32Array(count))
  counts.fill(0)
  for (let row = 0; row < batch.count; row++) {
    const shape = batch.shape[row] as number
    groups[shape]![counts[shape]!++] = row
  }
  return groups
}
