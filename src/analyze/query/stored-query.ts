import type { Column, Result } from '../result/result.js'
import type { RawScope } from '../options/select-scope.js'
import type { Scope } from '../scan/scope.js'
import type { Trace } from '../scan/trace.js'

/** An option of one built-in query, in addition to those of all queries. */
export interface QueryOption {
  /** For commander: `--by <dimension>` */
  readonly flags: string
  readonly description: string
  /** Its values, for shell completion; the description lists them too. */
  readonly words?: readonly string[]
}

/** Settings of the result. */
export interface QuerySettings {
  /** Maximum number of rows; `Infinity`: all */
  readonly limit: number
  /** Column to sort by; `null`: the order of the query. Checked by `rankRows`, or after the query */
  readonly sort: string | null
  /** Width of charts: that of the terminal, 80 without one, 120 for data formats */
  readonly width: number
  /** Given options of the query, by their long names in camel case. */
  readonly values: Readonly<Record<string, string | undefined>>
}

/** How a comparison interprets its FILE arguments and selects sessions. */
export interface FileChoice {
  /** Files to open, in the order of `typed`. @throws UsageError */
  paths(typed: readonly string[]): readonly string[]
  /** @throws UsageError */
  select(traces: readonly Trace[], typed: readonly string[], raw: RawScope): Scope
  /**
   * The same for the sessions of a server, which are one trace.
   * @param typed the options as typed
   * @param raw with absolute times
   * @throws UsageError
   */
  selectRemote(traces: readonly Trace[], typed: RawScope & { readonly host?: readonly string[] }, raw: RawScope): Scope
}

/** A built-in query. catalogue.ts lists all of them. */
export interface StoredQuery {
  /** As typed after `tcpconn analyze` */
  readonly name: string
  /** One line for `--list` and the help */
  readonly description: string
  /** An example command line */
  readonly example: string
  readonly options?: readonly QueryOption[]
  /** Columns without options. */
  readonly columns: readonly Column[]
  /** Columns with these options, if options change them. @throws UsageError */
  columnsFor?(values: QuerySettings['values']): readonly Column[]
  /** Default of `--limit` for tables; 20 if missing */
  readonly tableRows?: number
  /** If missing, all files are analyzed as one trace, and the options select sessions. */
  readonly files?: FileChoice
  /** @throws UsageError for values of its options */
  run(scope: Scope, settings: QuerySettings): Result
}
