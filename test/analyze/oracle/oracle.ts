import type { ExactRow } from './read-exact-json.js'

/** The rows that DuckDB computes for a built-in query. */
export interface Oracle {
  /** The name of the query, and its own options */
  readonly args: readonly string[]
  /** Columns that identify rows of the result; none for a single row. */
  readonly key: readonly string[]
  /** The column by which rows are sorted: descending, or ascending with `ascends`. */
  readonly order?: { readonly column: string; readonly ascends?: boolean }
  /**
   * Columns that depend on estimates without --exact and cannot be compared then: those chosen by a percentile, or
   * `all`, because stored sums have no times.
   */
  readonly estimated?: RegExp | 'all'
  /** The query selects its sessions itself. */
  readonly picksSessions?: boolean
  /**
   * @param found the result, for values that a query chooses itself, such as the length of intervals
   * @returns SQL over `scenarioTables`, with the columns of the result
   */
  sql(found: readonly ExactRow[]): string
}

/** The selection of attempts for a query. */
export interface Scenario {
  /** Options in addition to those of the query */
  readonly args: readonly string[]
  /** With stored sums if the query uses them: percentiles are then within 1 %. */
  readonly isFromSums?: boolean
  /** The newest session instead of all */
  readonly isNewest?: boolean
  /** A condition on attempts that is equivalent to the filters in the options */
  readonly where?: string
  /** A condition on lookups that is equivalent to the filters that apply to lookups */
  readonly lookups?: string
  /** A condition on the attempts of latencies; default: established ones. */
  readonly covered?: string
  /** SQL for the Unix ns of the start and the end of the time range. */
  readonly since?: string
  readonly until?: string
}
