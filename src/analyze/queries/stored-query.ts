import type { Column, Result } from '../result/result.js'
import type { RawScope } from '../options/select-scope.js'
import type { Scope } from '../trace/scope.js'
import type { Trace } from '../trace/trace.js'

/** An option of one stored query, beyond those of all. */
export interface QueryOption {
  /** As commander takes it: `--by <dimension>` */
  readonly flags: string
  readonly description: string
  /** Words that it takes, for shells to complete; help tells them in the description. */
  readonly words?: readonly string[]
}

/** How an answer is wanted. */
export interface QuerySettings {
  /** Rows at most, `Infinity` for all */
  readonly limit: number
  /** Column to sort by, `null` for the order that the query has by itself; checked by `rankRows`, or after the query */
  readonly sort: string | null
  /** Columns of the terminal that charts are drawn for: 80 where there is none, 120 for data */
  readonly width: number
  /** The query's own options by their long names in camel case; what was not given is missing. */
  readonly values: Readonly<Record<string, string | undefined>>
}

/** How a query that compares reads what is typed as files, and chooses sessions. */
export interface FileChoice {
  /** Files to open, in the order of `typed`. @throws UsageError */
  paths(typed: readonly string[]): readonly string[]
  /** @throws UsageError */
  select(traces: readonly Trace[], typed: readonly string[], raw: RawScope): Scope
}

/** One question over traces. A file each, listed in catalogue.ts. */
export interface StoredQuery {
  /** As typed after `tcpconn analyze` */
  readonly name: string
  /** One line for `--list` and the help */
  readonly description: string
  /** A command line that shows it at work */
  readonly example: string
  readonly options?: readonly QueryOption[]
  /** What each row holds; with options that change it, as it is without them. */
  readonly columns: readonly Column[]
  /** What each row holds with these values of its options, for a query whose options change it. @throws UsageError */
  columnsFor?(values: QuerySettings['values']): readonly Column[]
  /** Rows of a table without `--limit`, 20 where it is missing */
  readonly tableRows?: number
  /** Without it files are analyzed as one, and the options choose sessions. */
  readonly files?: FileChoice
  /** @throws UsageError for values of its options */
  run(scope: Scope, settings: QuerySettings): Result
}
