/** Question types for addresses (RFC 1035, RFC 3596). */
export const QUERY_TYPES = { A: 1, AAAA: 28 } as const

/** The used fields of a DNS packet. */
export interface DnsMessage {
  readonly id: number
  readonly isAnswer: boolean
  /** The queried name: lower-case, without the final dot, escaped as in zone files and by `decodeBytes` */
  readonly name: string
  /** 1 for A, 28 for AAAA */
  readonly queryType: number
  /** RFC 1035, 4.1.1; 0 in a query */
  readonly rcode: number
  /** Truncated answer (TC; RFC 1035, 4.1.1): records are missing or incomplete. `false` in a query */
  readonly isTruncated: boolean
  /** 16 bytes each, IPv4 as IPv4-mapped; empty in a query. Of a truncated packet, the complete ones */
  readonly addresses: readonly Uint8Array[]
}
