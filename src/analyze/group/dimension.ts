import type { Column, Value } from '../result/result.js'
import type { AttemptColumn, AttemptRow } from '../scan/attempt-columns.js'
import type { SessionPart } from '../scan/scope.js'

/**
 * A grouping of attempts: by a property of the endpoint, the process, the second of the start, the session, or the attempt.
 */
export interface Dimension {
  readonly source: 'endpoint' | 'process' | 'second' | 'session' | 'attempt'
  /** Result columns that name a group, one per value of its key. */
  readonly columns: readonly Column[]
  /** Number of values of a key that identify a group; the others are those of its first attempt. Default: all. */
  readonly identity?: number
  /** What sessions have in common if an id has the same key in them: their trace, as for endpoints, or host and trace. Default: nothing. */
  readonly sharedBy?: 'trace' | 'host'
  /** Whether only counts are of interest: adding up latencies costs most. */
  readonly countsOnly?: boolean
  /** Whether latencies cover all outcomes unless the options select outcomes. */
  readonly coversOutcomes?: boolean
  /**
   * @returns a function that returns the key of a group for an endpoint_id, a process_id, a Unix second, a session_id, or
   *   the id of `attempt`
   */
  keys(part: SessionPart): (id: number) => readonly Value[]
  /** For the source `attempt`: the id of an attempt, and the columns that it is computed from. */
  readonly attempt?: {
    readonly columns: readonly AttemptColumn[]
    id(part: SessionPart): (row: AttemptRow) => number
  }
}

/** The same groups with other properties of columns. @param flags by column name */
export function withFlags(dimension: Dimension, flags: Readonly<Record<string, Partial<Column>>>): Dimension {
  const flagged = (column: Column): Column => ({ ...column, ...flags[column.name] })
  return { ...dimension, columns: dimension.columns.map(flagged) }
}
