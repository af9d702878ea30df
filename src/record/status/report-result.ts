import { describeCompleteness, type CompletenessText } from '../../store/completeness-text.js'
import { describeDnsLoss, type DnsLossCounts } from '../../store/dns-loss-text.js'
import { findLeftLog } from '../../store/left-log.js'
import { safeText } from '../../show/safe-text.js'
import { describeLossCounts, describeLostProcesses, sumLoss, type LossCounts } from '../../store/loss-text.js'
import { describeFilters } from '../options/describe-filters.js'
import type { SkippedRuns } from '../probe/skipped-runs.js'
import type { Session } from '../session/begin-session.js'
import type { Completeness } from '../session/completeness.js'
import type { TallySum } from '../session/tally.js'
import { describeLostDetails } from './describe-lost-details.js'
import { renderSummary } from './render-summary.js'

/** Says on stderr what was recorded, once all files are closed. With -q only what is missing. */
export function reportResult(result: TallySum, session: Session, durationNs: number): void {
  const completeness = judge(result, session)
  const lostDetails = session.probe.lostDetails()
  const lines = session.options.quiet
    ? [...describeProblems(result, session), ...describeLostDetails(lostDetails)]
    : renderSummary({ ...result, sessionId: session.id, durationNs, completeness, lostDetails })
  const log = findLeftLog(session.output.path)
  if (log !== null) lines.push(describeLeftLog(session.output.path, log))
  for (const line of lines) process.stderr.write(`${line}\n`)
}

function describeLeftLog(path: string, log: string): string {
  const [file, name] = [safeText(path), safeText(log)]
  return `not closed: another program reads ${file}; a part of the trace is in ${name}: copy both, or run tcpconn info ${file} later, which closes it`
}

interface Outcome {
  readonly loss: LossCounts
  readonly completeness: Completeness | null
  readonly skipped: SkippedRuns | null
  readonly lostProcesses: number
  readonly dns: DnsLossCounts | null
}

/** A line for each thing that is missing. */
export function describeProblems(result: Outcome, session: Session): string[] {
  const { verdict, text } = judge(result, session)
  const dns = result.dns && describeDnsLoss(result.dns)
  const isWorthTelling = verdict === 'incomplete' || (verdict === 'unchecked' && (result.skipped?.uncovered ?? 0) > 0)
  const losses = [describeLossCounts(result.loss), describeLostProcesses(result.lostProcesses), dns]
  return [...losses, isWorthTelling ? text : null].filter((line) => line !== null)
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
