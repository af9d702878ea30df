import { LOSS_CAUSES, sumLoss, type LossCounts } from './loss-causes.js'
import { recordedWholeHost } from './recorded-filters.js'
import { formatCount, formatPlural } from '../text/format-number.js'

/** A line for attempts recorded without their process, `null` without any. */
export function describeLostProcesses(count: number): string | null {
  if (count === 0) return null
  return `the process of ${formatPlural(count, 'attempt')} is unknown: the ring was full`
}

/** A line for skipped runs of the probe that no other program covered, `null` without any. */
export function describeSkippedRuns(count: number): string | null {
  return count === 0 ? null : `the kernel skipped ${formatPlural(count, 'run')} of the probe: attempts may be missing`
}

/** A line for lost attempts by cause, `null` without loss. */
export function describeLossCounts(loss: LossCounts): string | null {
  if (sumLoss(loss) === 0) return null
  const parts = LOSS_CAUSES.flatMap(({ cause, text }) =>
    loss[cause] > 0 ? [`${formatCount(loss[cause])} ${text}`] : [],
  )
  return `LOST ${formatPlural(sumLoss(loss), 'attempt')}: ${parts.join(', ')}`
}

/** The completeness columns of a session row. `null` fields: not compared. */
export interface CompletenessRow {
  readonly filters: string
  readonly kernel_attempts_min: number | null
  readonly kernel_attempts_max: number | null
  readonly comparable_attempts: number | null
  readonly uncomparable_attempts: number | null
  /** Runs of the probe that may have cost an attempt; `null`: not counted */
  readonly uncovered_run_count: number | null
  readonly lost: number
}

export type Verdict = 'complete' | 'incomplete' | 'unchecked'

/** One line for people, and the verdict as one word. */
export interface CompletenessText {
  readonly verdict: Verdict
  readonly text: string
}

/** Describes whether recorded + lost equals the kernel's own count. */
export function describeCompleteness(row: CompletenessRow): CompletenessText {
  const { kernel_attempts_min: min, kernel_attempts_max: max, comparable_attempts: recorded, lost } = row
  if (min === null || max === null || recorded === null) {
    const why = recordedWholeHost(row.filters)
      ? 'the recorder did not end normally'
      : 'only a part of the host was recorded'
    return { verdict: 'unchecked', text: `not checked against TcpActiveOpens: ${why}${describeSkipped(row)}` }
  }
  const counted = min === max ? formatPlural(max, 'attempt') : `${formatCount(min)} to ${formatPlural(max, 'attempt')}`
  const sum = `${formatCount(recorded)} recorded + ${formatCount(lost)} lost`
  const beyond = row.uncomparable_attempts
    ? `; ${formatCount(row.uncomparable_attempts)} more could not be checked: their network namespaces appeared or disappeared during the recording, or were not visible${describeSkipped(row)}`
    : ''
  if (differsFromKernel(row)) {
    return {
      verdict: 'incomplete',
      text: `${sum} differs from the kernel's ${counted} (TcpActiveOpens)${beyond}`,
    }
  }
  const verdict = lost > 0 ? 'incomplete' : row.uncomparable_attempts ? 'unchecked' : 'complete'
  return { verdict, text: `${sum} = the kernel's ${counted} (TcpActiveOpens)${beyond}` }
}

/** Whether the kernel counted more attempts than were recorded and lost, or fewer. */
export function differsFromKernel(
  row: Pick<CompletenessRow, 'kernel_attempts_min' | 'kernel_attempts_max' | 'comparable_attempts' | 'lost'>,
): boolean {
  const { kernel_attempts_min: min, kernel_attempts_max: max, comparable_attempts: recorded, lost } = row
  return min !== null && max !== null && recorded !== null && (recorded + lost < min || recorded + lost > max)
}

/** If nothing can be compared, skipped runs are the only indication of missing attempts. */
function describeSkipped({ uncovered_run_count: count }: CompletenessRow): string {
  const text = describeSkippedRuns(count ?? 0)
  return text === null ? '' : `; ${text}`
}

/** Losses of a DNS recording. They do not include attempts. */
export interface DnsLossCounts {
  /** Packets lost because a buffer was full */
  readonly lost: number
  /** Packets that are truncated or not DNS */
  readonly malformed: number
  /** Names evicted while recording */
  readonly evicted: number
  /** Truncated answers; a trace stores them in `session.limits` */
  readonly cut?: number
}

/** A line for truncated answers, `null` without any. */
export function describeCutAnswers(count: number): string | null {
  return count === 0
    ? null
    : `${formatPlural(count, 'DNS answer')} longer than 4,096 bytes truncated: names may be missing`
}

/** A line for lost DNS packets and names, `null` without any. */
export function describeDnsLoss({ lost, malformed, evicted }: DnsLossCounts): string | null {
  const parts = [
    ...(lost > 0 ? [`LOST ${formatPlural(lost, 'DNS packet')}`] : []),
    ...(malformed > 0 ? [`${formatPlural(malformed, 'malformed DNS packet')}`] : []),
    ...(evicted > 0 ? [`${formatPlural(evicted, 'DNS name')} evicted from the full name cache`] : []),
  ]
  return parts.length === 0 ? null : `${parts.join(', ')}; attempts are not affected, names may be missing`
}
