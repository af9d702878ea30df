import type { LossCounts } from '../../attempt/loss-causes.js'
import { percentileOf } from '../../sums/latency-histogram.js'
import { OUTCOMES } from '../../attempt/outcome.js'
import {
  describeCutAnswers,
  describeDnsLoss,
  describeLossCounts,
  describeLostProcesses,
  type CompletenessText,
} from '../../attempt/loss-text.js'
import { formatDuration, formatLength } from '../../text/format-duration.js'
import { formatBytes, formatCount, formatPlural } from '../../text/format-number.js'
import { safeText } from '../../text/safe-text.js'
import type { DnsResult } from '../session/end-session.js'
import type { SessionTotals } from '../write/session-totals.js'

export interface RecordingSummary {
  /** The first and the last file, which may be the same */
  readonly firstPath: string
  readonly lastPath: string
  readonly files: number
  readonly sessionId: number
  readonly durationNs: number
  readonly rows: number
  readonly fileBytes: number
  readonly totals: SessionTotals
  readonly loss: LossCounts
  readonly lostProcesses: number
  readonly completeness: CompletenessText
  /** `null`: names were not recorded */
  readonly dns: DnsResult | null
  /** Lines about losses other than attempts, and about missing names */
  readonly details: readonly string[]
}

/** The lines of the summary. Losses come first. */
export function renderSummary(summary: RecordingSummary): string[] {
  const { totals } = summary
  const losses = [
    describeLossCounts(summary.loss),
    describeLostProcesses(summary.lostProcesses),
    summary.dns && describeDnsLoss(summary.dns),
    describeCutAnswers(summary.dns?.cut ?? 0),
  ]
  const outcomes = OUTCOMES.flatMap((name, i) => (totals.counts[i] ? [`${formatCount(totals.counts[i])} ${name}`] : []))
  const latency = [50, 90, 99].map(
    (p) => `p${p} ${formatDuration(percentileOf(totals.buckets, p, totals.maxLatencyNs))}`,
  )
  return [
    ...losses.filter((line) => line !== null),
    ...summary.details,
    `recorded ${formatPlural(summary.rows, 'attempt')} in ${formatLength(summary.durationNs)} into ${describeFiles(summary)}`,
    ...(outcomes.length > 0 ? [`outcomes: ${outcomes.join(', ')}`] : []),
    ...(totals.counts[0] ? [`latency: ${latency.join(', ')}, max ${formatDuration(totals.maxLatencyNs)}`] : []),
    ...(summary.dns === null ? [] : [describeNames(summary.dns, summary.rows)]),
    `completeness: ${summary.completeness.text}`,
  ]
}

function describeNames({ named, lookups }: DnsResult, rows: number): string {
  return `names: ${formatCount(named)} of ${formatPlural(rows, 'attempt')}, from ${formatPlural(lookups, 'lookup')}`
}

function describeFiles({ firstPath, lastPath, files, sessionId, fileBytes }: RecordingSummary): string {
  const [first, last, size] = [safeText(firstPath), safeText(lastPath), formatBytes(fileBytes)]
  return files === 1
    ? `${last} (session ${sessionId}, ${size})`
    : `${formatCount(files)} files, ${first} to ${last} (${size})`
}
