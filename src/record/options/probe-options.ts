import type { RecordFilters } from './record-filters.js'

/** Where names come from: DNS packets of all sockets, or getaddrinfo of the libcs that are in use. */
export const DNS_SOURCES = ['udp', 'libc'] as const
export type DnsSource = (typeof DNS_SOURCES)[number]

/** What the probe is to do, known before it is loaded. */
export interface ProbeOptions {
  readonly filters: RecordFilters
  /** Only a process that is named later, and its children */
  readonly followsCommand: boolean
  /** `null`: names are not looked at */
  readonly dnsSource: DnsSource | null
  /** Connects that fail in the system call, before a SYN */
  readonly localErrors: boolean
}
