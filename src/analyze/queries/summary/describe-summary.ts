import { nameEndpoint } from '../../../attempt/address.js'
import { formatDuration, formatLength } from '../../../text/format-duration.js'
import { formatCount, formatPlural, formatRate } from '../../../text/format-number.js'
import { formatTime } from '../../../text/format-time.js'
import { safeText } from '../../../text/safe-text.js'
import { cutText, textWidth } from '../../../text/text-width.js'
import { OUTCOMES } from '../../../attempt/outcome.js'
import { percentOf } from '../../group/group-values.js'
import { describeDns } from '../../lookups/count-lookups.js'
import type { Value } from '../../result/result.js'
import type { Summary } from './summarize.js'

const LABEL_WIDTH = 18
/** Minimum width of lines, also on a narrower terminal. */
const MIN_TEXT_WIDTH = 20

/**
 * Renders a summary as text, one paragraph per topic.
 * @param width of the terminal
 */
export function describeSummary(summary: Summary, width: number): string[] {
  return listSummaryFacts(summary).flatMap(([label, words]) => {
    const wrapped = wrap(words, Math.max(MIN_TEXT_WIDTH, width - LABEL_WIDTH))
    return wrapped.map((line, i) => (i === 0 ? label : '').padEnd(LABEL_WIDTH) + line)
  })
}

/** The same texts, each with its label. */
export function listSummaryFacts(summary: Summary): readonly (readonly [label: string, text: string])[] {
  const { hosts, sessions, lost, completeness, endpoints, users, processes } = summary
  const processCount = `${formatCount(processes)} process${processes === 1 ? '' : 'es'}`
  return [
    [sessions === 1 ? 'host' : 'hosts', `${safeText(hosts)}, ${formatPlural(sessions, 'session')}`],
    ['time', describeTime(summary)],
    ['attempts', describeAttempts(summary)],
    ['outcomes', describeOutcomes(summary)],
    ['latency', describeLatency(summary)],
    ['lost', formatCount(lost)],
    ['completeness', safeText(completeness)],
    ['dns', describeNames(summary)],
    ['local errors', describeLocalErrors(summary)],
    [
      'busiest endpoint',
      describeBusiest(summary, summary.busiestEndpoint, endpointName, formatPlural(endpoints, 'endpoint')),
    ],
    ['busiest user', describeBusiest(summary, summary.busiestUser, userName, formatPlural(users, 'user'))],
    ['busiest process', describeBusiest(summary, summary.busiestProcess, processName, processCount)],
    ['slowest endpoint', describeSlowest(summary)],
  ]
}

/** Wraps a text between words; cuts a word that is too long. */
function wrap(words: string, width: number): string[] {
  const lines: string[] = []
  for (const word of words.split(' ').map((one) => cutText(one, width))) {
    const line = lines.at(-1)
    if (line !== undefined && textWidth(line) + 1 + textWidth(word) <= width)
      lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}

const text = (value: Value | undefined) => safeText(String(value))

function describeTime({ startedNs, endedNs, recordedNs }: Summary): string {
  if (startedNs === null || endedNs === null) return 'nothing was recorded in that time'
  return `${formatTime(startedNs, 0)} to ${formatTime(endedNs, 0)}, ${formatLength(recordedNs)} recorded`
}

function describeAttempts({ attempts, rate, failed }: Summary): string {
  const perSecond = rate === null ? '' : `, ${formatRate(rate)}`
  const percent = percentOf(failed, attempts).toFixed(1)
  return `${formatCount(attempts)}${perSecond}, ${formatCount(failed)} failed (${percent}%)`
}

function describeOutcomes({ outcomes }: Summary): string {
  const some = OUTCOMES.filter((outcome) => outcomes[outcome] > 0)
  return some.map((outcome) => `${formatCount(outcomes[outcome])} ${outcome}`).join(', ') || 'none'
}

function describeLatency({ percentile, maxNs, synRetransmits }: Summary): string {
  const percentiles = [50, 90, 99].map((percent) => `p${percent} ${formatDuration(percentile(percent))}`)
  const retransmits = formatPlural(synRetransmits, 'SYN retransmit')
  return [...percentiles, `max ${formatDuration(maxNs)}`, retransmits].join(', ')
}

function describeNames({ dns, attempts }: Summary): string {
  return describeDns({ ...dns, source: dns.source === null ? null : safeText(dns.source), attempts })
}

function describeLocalErrors({ dns: { localErrorSessions: some }, sessions }: Summary): string {
  if (some === 0) return 'not recorded'
  return some === sessions ? 'recorded' : `recorded in ${formatCount(some)} of ${formatPlural(sessions, 'session')}`
}

function describeBusiest(
  { attempts: all }: Summary,
  busiest: Summary['busiestEndpoint'],
  nameOf: (key: readonly Value[]) => string,
  of: string,
): string {
  if (busiest === null || busiest.attempts === 0) return 'none'
  const { key, attempts } = busiest
  return `${nameOf(key)}, ${formatPlural(attempts, 'attempt')} (${((attempts / all) * 100).toFixed(1)}%), of ${of}`
}

const endpointName = ([address, port]: readonly Value[]) => nameEndpoint(text(address), text(port))
const userName = ([, user, uid]: readonly Value[]) => text(user ?? uid)
const processName = ([, , , pid, , comm]: readonly Value[]) => `${text(comm)}, pid ${text(pid)}`

function describeSlowest({ slowestEndpoint }: Summary): string {
  if (slowestEndpoint === null) return 'none'
  const { p99Ns, endpoints, minCount } = slowestEndpoint
  const chosen = `of ${formatPlural(endpoints, 'endpoint')} with ${formatPlural(minCount, 'attempt')} or more`
  return `${endpointName(slowestEndpoint.key)}, p99 ${formatDuration(p99Ns)} (${chosen})`
}
