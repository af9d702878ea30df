import type { ExactRow } from './read-exact-json.js'

/** What DuckDB says where a built-in query is asked. */
export interface Oracle {
  /** The name of the query, and options of its own */
  readonly args: readonly string[]
  /** Columns that tell rows of the result apart; none for a single row. */
  readonly key: readonly string[]
  /** The column by which rows come in order: from the highest, or with `ascends` from the lowest. */
  readonly order?: { readonly column: string; readonly ascends?: boolean }
  /**
   * What depends on estimates without --exact, and cannot be compared then: columns chosen by a percentile, or `all`, because
   * stored sums have no times.
   */
  readonly estimated?: RegExp | 'all'
  /** It chooses its sessions by itself. */
  readonly picksSessions?: boolean
  /**
   * @param found the result, for what a query chooses by itself, such as the length of intervals
   * @returns SQL over `scenarioTables`, with the columns of the result
   */
  sql(found: readonly ExactRow[]): string
}

/** Which attempts a question is about. */
export interface Scenario {
  /** Options beside those of the query */
  readonly args: readonly string[]
  /** From stored sums where the query has them: percentiles are then within 1 %. */
  readonly isFromSums?: boolean
  /** The newest session instead of all of them */
  readonly isNewest?: boolean
  /** A condition on attempts that says the same as the filters among the options */
  readonly where?: string
  /** A condition on lookups that says the same as those of the filters that choose them */
  readonly lookups?: string
  /** A condition on those that latencies are of; established ones without it. */
  readonly covered?: string
  /** SQL for the Unix ns at which the window of time begins, and for that at which it is over. */
  readonly since?: string
  readonly until?: string
}
