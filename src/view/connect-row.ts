import type { ConnectValues, ProcessValues } from '../attempt/connect-values.js'
import type { Outcome } from '../attempt/outcome.js'

/** One attempt in the live and replayed view, with the columns of the view `connects`. `null`: unknown. */
export interface ConnectRow extends Omit<ConnectValues, 'sessionId' | 'startedNs' | 'time' | 'outcome' | 'family'> {
  /** ns of a monotonic clock, the same for all rows of a view */
  readonly startedNs: number
  readonly unixNs: bigint
  readonly outcome: Outcome
  /** IP version on the wire: 4 for IPv4-mapped addresses too */
  readonly family: 4 | 6
  /** Whether lookups were recorded: otherwise a `null` name is unknown instead of absent. */
  readonly hasDnsSource: boolean
}

/** Fields that are the same for all attempts of a process. */
export type ProcessPart = ProcessValues
