import type { Netns } from './netns-key.js'

/** A lookup: DNS packets of one socket, or one call of getaddrinfo. */
export interface Lookup {
  /** ns since the session began: of the query, or of the answer if only that was seen */
  readonly startedNs: number
  /** `null`: query or answer were not seen */
  readonly latencyNs: number | null
  readonly name: string
  /** 1 for A, 28 for AAAA; `null` for both, by getaddrinfo */
  readonly queryType: number | null
  /** Of the answer; negative: return value of getaddrinfo; `null`: no answer */
  readonly rcode: number | null
  /** Whether the answer was truncated (TC); `null`: no answer, or getaddrinfo */
  readonly isTruncated: boolean | null
  /** 16 bytes each, IPv4 as IPv4-mapped */
  readonly addresses: readonly Uint8Array[]
  /** Whether the query was seen */
  readonly isAsked: boolean
  readonly cgroupId: bigint
  readonly netns: Netns
}
