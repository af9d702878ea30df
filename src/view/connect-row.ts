import type { Outcome } from '../store/outcome.js'

/** One attempt as the live and the replayed view show it. `null` is what is not known. */
export interface ConnectRow {
  /** ns on a clock that only goes forward, the same for all rows of a view */
  readonly startedNs: number
  readonly unixNs: bigint
  /** `null`: pending, or the change that ended it was not seen */
  readonly latencyNs: number | null
  readonly outcome: Outcome
  readonly errno: number | null
  readonly synRetransmits: number | null
  /** These are `null` when the process is not known */
  readonly pid: number | null
  readonly tid: number | null
  readonly processStartNs: bigint | null
  readonly comm: string | null
  readonly exe: string | null
  readonly uid: number | null
  readonly user: string | null
  readonly cgroup: string | null
  /** What a user calls the cgroup: a container's short id, or a systemd unit */
  readonly container: string | null
  readonly netns: number | null
  readonly mntns: number | null
  /** The protocol on the wire: 4 for IPv4-mapped addresses too */
  readonly family: 4 | 6
  readonly localAddress: string | null
  readonly localPort: number | null
  readonly remoteAddress: string
  readonly remotePort: number
  /** Whether lookups were watched: otherwise a name that is `null` is not known, instead of not there. */
  readonly hasDnsSource: boolean
  /** The name that was answered with the remote address before, in lower case, without the final dot */
  readonly dnsName: string | null
  /** From the answer to the attempt */
  readonly dnsAgeNs: number | null
  /** From the query to the answer; `null` also when the query was not seen */
  readonly dnsLookupNs: number | null
  /** Names that fitted; `dnsName` is the newest */
  readonly dnsCandidates: number | null
}
