/** Types of questions that names are looked up with (RFC 1035, RFC 3596). */
export const QUERY_TYPES = { A: 1, AAAA: 28 } as const

/** What is wanted of a DNS packet. */
export interface DnsMessage {
  readonly id: number
  readonly isAnswer: boolean
  /** The name asked for: lower-case, without the final dot */
  readonly name: string
  /** 1 for A, 28 for AAAA */
  readonly queryType: number
  /** RFC 1035, 4.1.1; 0 in a question */
  readonly rcode: number
  /** 16 bytes each, IPv4 as IPv4-mapped; empty in a question */
  readonly addresses: readonly Uint8Array[]
}
