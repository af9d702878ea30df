import type { Database } from 'better-sqlite3'
import type { Result } from '../result/result.js'

/** What every stored query is asked with. */
export interface QueryOptions {
  readonly sessionIds: readonly number[]
  /** Rows at most, `Infinity` for all */
  readonly limit: number
}

/** One question over a trace. A file each, listed in catalogue.ts. */
export interface StoredQuery {
  /** As typed after `tcpconn analyze` */
  readonly name: string
  /** One line for `--list` and the help */
  readonly description: string
  /** A command line that shows it at work */
  readonly example: string
  run(db: Database, options: QueryOptions): Result
}
