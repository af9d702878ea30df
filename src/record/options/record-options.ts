import type { Rotation } from './parse-rotation.js'
import type { DnsSource } from './probe-options.js'
import type { RecordFilters } from './record-filters.js'

/** What the command line asks of `record`. */
export interface RecordOptions {
  readonly file: string
  /** `null`: until it is stopped */
  readonly durationNs: number | null
  readonly quiet: boolean
  /** `null`: all goes into one file */
  readonly rotation: Rotation | null
  readonly filters: RecordFilters
  /** Program and arguments after `--`; empty: the whole host */
  readonly command: readonly string[]
  /** `null`: names are not looked at */
  readonly dnsSource: DnsSource | null
  /** Whether connects that fail in the system call are recorded */
  readonly localErrors: boolean
  /** As typed, for the session's row */
  readonly commandLine: string
}
