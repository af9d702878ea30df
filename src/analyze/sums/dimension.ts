import type { Column, Value } from '../result/result.js'
import type { AttemptColumn, AttemptRow } from '../trace/attempt-columns.js'
import type { SessionPart } from '../trace/scope.js'

/**
 * What attempts are grouped by: a property of their endpoint, of their process, of the second in which they began, of
 * the session as a whole, or of each attempt alone.
 */
export interface Dimension {
  readonly name: string
  readonly source: 'endpoint' | 'process' | 'second' | 'session' | 'attempt'
  /** Result columns that name a group, one per value of its key. */
  readonly columns: readonly Column[]
  /** How many values of a key tell groups apart; those after them are of its first attempt. All of them without it. */
  readonly identity?: number
  /** Whether latencies of every outcome count, as none would of refused ones, unless the options choose outcomes. */
  readonly coversOutcomes?: boolean
  /**
   * @returns the key of the group for an endpoint_id, a process_id, a Unix second, a session_id, or what `attempt`
   *   gives
   */
  keys(part: SessionPart): (id: number) => readonly Value[]
  /** Of an `attempt` dimension: the id of an attempt, and the columns that it is made of. */
  readonly attempt?: {
    readonly columns: readonly AttemptColumn[]
    id(part: SessionPart): (row: AttemptRow) => number
  }
}
