import type { Prefix } from '../../options/parse-lists.js'
import type { Outcome } from '../../store/outcome.js'

/** What to record. An empty list filters nothing; entries of one list are alternatives, lists must all match. */
export interface RecordFilters {
  readonly pids: readonly number[]
  readonly uids: readonly number[]
  readonly ports: readonly number[]
  /** IP version on the wire, `null` for both */
  readonly family: 4 | 6 | null
  readonly comms: readonly string[]
  readonly destinations: readonly Prefix[]
  readonly minLatencyNs: number
  readonly outcomes: readonly Outcome[]
  /** directories of cgroup v2 */
  readonly cgroups: readonly string[]
  /** pinned BPF maps, as bcc's tools take them */
  readonly cgroupmap: string | null
  readonly mntnsmap: string | null
}

export const NO_FILTERS: RecordFilters = {
  pids: [],
  uids: [],
  ports: [],
  family: null,
  comms: [],
  destinations: [],
  minLatencyNs: 0,
  outcomes: [],
  cgroups: [],
  cgroupmap: null,
  mntnsmap: null,
}
