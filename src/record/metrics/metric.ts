import type { Durations } from './durations.js'

/** A metric: one name for all of its series. */
export interface Metric {
  /** As in OpenTelemetry: `dns.lookup.duration` */
  readonly name: string
  /** `s`, or what is counted, in braces */
  readonly unit: string
  readonly kind: 'counter' | 'histogram'
  readonly description: string
}

/** Names and values that tell the series of a metric apart. */
export type Attributes = readonly (readonly [name: string, value: string])[]

/** A series: a number, or the durations of a histogram. */
export interface Point {
  /** The same object for the same series */
  readonly attributes: Attributes
  /** Unix time in ms since when it counts */
  readonly startedMs: number
  readonly value: number | Durations
}

export interface Family {
  readonly metric: Metric
  readonly points: readonly Point[]
}

/** All metrics, in the order in which they are shown. docs/metrics.md lists them. */
export const METRICS = {
  attempts: {
    name: 'tcpconn.connect.attempts',
    unit: '{attempt}',
    kind: 'counter',
    description: 'Attempts to connect that have ended, by outcome.',
  },
  handshakes: {
    name: 'system.network.tcp.handshake.duration',
    unit: 's',
    kind: 'histogram',
    description: 'Time from the SYN to the end of an attempt; without error.type: until it was established.',
  },
  retransmits: {
    name: 'tcpconn.connect.syn.retransmits',
    unit: '{packet}',
    kind: 'counter',
    description: 'SYN retransmits of attempts that have ended.',
  },
  others: {
    name: 'tcpconn.metrics.other.attempts',
    unit: '{attempt}',
    kind: 'counter',
    description: 'Attempts counted under the label value other, because all series were in use.',
  },
  lost: {
    name: 'tcpconn.lost.attempts',
    unit: '{attempt}',
    kind: 'counter',
    description: 'Attempts that were not recorded, by cause. No other metric counts them.',
  },
  lostProcesses: {
    name: 'tcpconn.lost.processes',
    unit: '{attempt}',
    kind: 'counter',
    description: 'Attempts whose process is unknown.',
  },
  lookups: {
    name: 'tcpconn.dns.lookups',
    unit: '{lookup}',
    kind: 'counter',
    description: 'DNS lookups that have ended.',
  },
  lookupDurations: {
    name: 'dns.lookup.duration',
    unit: 's',
    kind: 'histogram',
    description: 'Time from a DNS query to its answer, or of a call of getaddrinfo.',
  },
  lostPackets: {
    name: 'tcpconn.lost.dns.packets',
    unit: '{packet}',
    kind: 'counter',
    description: 'DNS packets that were lost before they were read.',
  },
} as const satisfies Record<string, Metric>

/** The name in Prometheus: with its unit, and `_total` for a counter. */
export function prometheusName({ name, unit, kind }: Metric): string {
  return `${name.replaceAll('.', '_')}${unit === 's' ? '_seconds' : ''}${kind === 'counter' ? '_total' : ''}`
}
