import { percentileOf } from '../../store/latency-histogram.js'
import { OUTCOMES } from '../../store/outcome.js'
import { describeDnsLoss, type DnsLossCounts } from '../../store/dns-loss-text.js'
import { describeLossCounts, type LossCounts } from '../../store/loss-text.js'
import type { CompletenessText } from '../../store/completeness-text.js'
import { formatDuration, formatLength } from '../../show/format-duration.js'
import { formatBytes, formatCount, formatPlural } from '../../show/format-number.js'
import { safeText } from '../../show/safe-text.js'
import type { SessionTotals } from '../write/session-totals.js'
import type { DnsCounts } from '../write/dns-writer.js'

export interface Summary {
  readonly path: string
  readonly sessionId: number
  readonly durationNs: number
  readonly rows: number
  readonly fileBytes: number
  readonly totals: SessionTotals
  readonly loss: LossCounts
  readonly completeness: CompletenessText
  /** `null`: names were not looked at */
  readonly dns: (DnsCounts & DnsLossCounts) | null
}

/** What is said at the end, a line per element. Loss comes first. */
export function renderSummary(summary: Summary): string[] {
  const { totals } = summary
  const losses = [describeLossCounts(summary.loss), summary.dns && describeDnsLoss(summary.dns)]
  const outcomes = OUTCOMES.flatMap((name, i) => (totals.counts[i] ? [`${formatCount(totals.counts[i])} ${name}`] : []))
  const latency = [50, 90, 99].map(
    (p) => `p${p} ${formatDuration(percentileOf(totals.buckets, p, totals.maxLatencyNs))}`,
  )
  const path = safeText(summary.path)
  return [
    ...losses.filter((line) => line !== null),
    `recorded ${formatPlural(summary.rows, 'attempt')} in ${formatLength(summary.durationNs)} into ${path} (session ${summary.sessionId}, ${formatBytes(summary.fileBytes)})`,
    ...(outcomes.length > 0 ? [`outcomes: ${outcomes.join(', ')}`] : []),
    ...(totals.counts[0] ? [`latency: ${latency.join(', ')}, max ${formatDuration(totals.maxLatencyNs)}`] : []),
    ...(summary.dns === null ? [] : [describeNames(summary.dns, summary.rows)]),
    `completeness: ${summary.completeness.text}`,
  ]
}

function describeNames({ named, lookups }: DnsCounts, rows: number): string {
  return `names: ${formatCount(named)} of ${formatPlural(rows, 'attempt')}, from ${formatPlural(lookups, 'lookup')}`
}
