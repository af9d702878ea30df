import { sumLoss, type LossCounts } from '../../attempt/loss-causes.js'
import {
  describeCompleteness,
  type CompletenessText,
  describeCutAnswers,
  describeDnsLoss,
  type DnsLossCounts,
  describeLossCounts,
  describeLostProcesses,
} from '../../attempt/loss-text.js'
import { findLeftLog } from '../../store/left-log.js'
import { safeText } from '../../text/safe-text.js'
import { describeFilters } from '../options/describe-filters.js'
import { describeUnnamed } from '../containers/describe-unnamed.js'
import type { SkippedRuns } from '../probe/skipped-runs.js'
import type { Session } from '../session/begin-session.js'
import { describeNameGaps } from '../session/describe-name-gaps.js'
import type { Completeness } from '../count/completeness.js'
import type { RecordingSum } from '../session/recording-totals.js'
import { describeLostDetails } from '../event/describe-lost-details.js'
import { addLostAddresses } from '../nat/find-addresses.js'
import { renderSummary } from './render-summary.js'

/** Prints the summary on stderr after all files are closed. With -q, only losses. */
export function reportResult(result: RecordingSum, session: Session, durationNs: number): void {
  const completeness = judge(result, session)
  const details = [
    ...describeLostDetails(addLostAddresses(session.probe.lostDetails(), session.metadata.nat)),
    ...describeNameGaps(result, session.options.host),
    ...describeUnnamed(result.unnamed),
  ]
  const lines = session.options.quiet
    ? [...describeProblems(result, session), ...details]
    : renderSummary({ ...result, sessionId: session.id, durationNs, completeness, details })
  const log = findLeftLog(session.output.path)
  if (log !== null) lines.push(describeLeftLog(session.output.path, log))
  for (const line of lines) process.stderr.write(`${line}\n`)
}

function describeLeftLog(path: string, log: string): string {
  const [file, name] = [safeText(path), safeText(log)]
  return `not closed: another program has ${file} open; part of the trace is in ${name}: copy both files, or run tcpconn info ${file} later to close it`
}

interface Outcome {
  readonly loss: LossCounts
  readonly completeness: Completeness | null
  readonly skipped: SkippedRuns | null
  readonly lostProcesses: number
  readonly dns: DnsLossCounts | null
}

/** A line for each kind of loss. */
export function describeProblems(result: Outcome, session: Session): string[] {
  const { verdict, text } = judge(result, session)
  const dns = result.dns && describeDnsLoss(result.dns)
  const isWorthReporting = verdict === 'incomplete' || (verdict === 'unchecked' && (result.skipped?.uncovered ?? 0) > 0)
  const cut = describeCutAnswers(result.dns?.cut ?? 0)
  const losses = [describeLossCounts(result.loss), describeLostProcesses(result.lostProcesses), dns, cut]
  return [...losses, isWorthReporting ? text : null].filter((line) => line !== null)
}

function judge({ completeness, skipped, loss }: Outcome, { options }: Session): CompletenessText {
  return describeCompleteness({
    filters: describeFilters(options.filters, options.command),
    kernel_attempts_min: completeness?.kernelMin ?? null,
    kernel_attempts_max: completeness?.kernelMax ?? null,
    comparable_attempts: completeness?.comparable ?? null,
    uncomparable_attempts: completeness?.uncomparable ?? null,
    uncovered_run_count: skipped?.uncovered ?? null,
    lost: sumLoss(loss),
  })
}
