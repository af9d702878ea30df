import { formatPlural } from '../show/format-number.js'

/** What a recording lost of DNS. Nothing of this is a loss of attempts. */
export interface DnsLossCounts {
  /** Packets that found no room */
  readonly lost: number
  /** Packets that are no DNS, or cut off */
  readonly malformed: number
  /** Names forgotten while recording */
  readonly evicted: number
}

/** A line for DNS packets and names that were lost, `null` without any. */
export function describeDnsLoss({ lost, malformed, evicted }: DnsLossCounts): string | null {
  const parts = [
    ...(lost > 0 ? [`LOST ${formatPlural(lost, 'DNS packet')}`] : []),
    ...(malformed > 0 ? [`${formatPlural(malformed, 'malformed DNS packet')}`] : []),
    ...(evicted > 0 ? [`${formatPlural(evicted, 'DNS name')} forgotten for want of room`] : []),
  ]
  return parts.length === 0 ? null : `${parts.join(', ')}; attempts are not affected, names may be missing`
}
