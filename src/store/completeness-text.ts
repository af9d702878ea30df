import { formatCount, formatPlural } from '../show/format-number.js'
import { describeSkippedRuns } from './loss-text.js'

/** What a session's row says of its completeness. `null` fields: not compared. */
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

/** One line for people, and the verdict in one word. */
export interface CompletenessText {
  readonly verdict: Verdict
  readonly text: string
}

/** Says whether recorded + lost equals the kernel's own count. */
export function describeCompleteness(row: CompletenessRow): CompletenessText {
  const { kernel_attempts_min: min, kernel_attempts_max: max, comparable_attempts: recorded, lost } = row
  if (min === null || max === null || recorded === null) {
    const why = row.filters === '{}' ? 'the session did not end properly' : 'only a part of the host was recorded'
    return { verdict: 'unchecked', text: `not checked against TcpActiveOpens: ${why}${describeSkipped(row)}` }
  }
  const counted = min === max ? formatPlural(max, 'attempt') : `${formatCount(min)} to ${formatPlural(max, 'attempt')}`
  const sum = `${formatCount(recorded)} recorded + ${formatCount(lost)} lost`
  const beyond = row.uncomparable_attempts
    ? `; ${formatCount(row.uncomparable_attempts)} more could not be checked: their network namespaces came or went meanwhile, or were out of sight${describeSkipped(row)}`
    : ''
  const equal = recorded + lost >= min && recorded + lost <= max
  if (!equal) {
    return {
      verdict: 'incomplete',
      text: `${sum} differs from the kernel's ${counted} (TcpActiveOpens)${beyond}`,
    }
  }
  const verdict = lost > 0 ? 'incomplete' : row.uncomparable_attempts ? 'unchecked' : 'complete'
  return { verdict, text: `${sum} = the kernel's ${counted} (TcpActiveOpens)${beyond}` }
}

/** Where nothing can be compared, skipped runs are all that is known of what may be missing. */
function describeSkipped({ uncovered_run_count: count }: CompletenessRow): string {
  const text = describeSkippedRuns(count ?? 0)
  return text === null ? '' : `; ${text}`
}
