/** A name that was looked up: by DNS packets of one socket, or by one call of getaddrinfo. */
export interface Lookup {
  /** ns since the session began: of the query, or of the answer when that alone was seen */
  readonly startedNs: number
  /** `null`: query or answer were not seen */
  readonly latencyNs: number | null
  readonly name: string
  /** 1 for A, 28 for AAAA; `null` for both, by getaddrinfo */
  readonly queryType: number | null
  /** Of the answer; negative: what getaddrinfo returned; `null`: no answer */
  readonly rcode: number | null
  /** 16 bytes each, IPv4 as IPv4-mapped */
  readonly addresses: readonly Uint8Array[]
  /** Whether somebody was seen to ask */
  readonly isAsked: boolean
  readonly cgroupId: bigint
  /** Inode number of the network namespace; 0: not known */
  readonly netns: number
}
