import { formatDuration, formatLength } from '../../show/format-duration.js'
import { formatCount, formatPlural, formatRate } from '../../show/format-number.js'
import { formatTime } from '../../show/format-time.js'
import { safeText } from '../../show/safe-text.js'
import { cutText, textWidth } from '../../show/text-width.js'
import { OUTCOMES } from '../../store/outcome.js'
import { describeDns } from '../dns/dns-text.js'
import type { Value } from '../result/result.js'

const LABEL_WIDTH = 18
/** However narrow the terminal is. */
const MIN_TEXT_WIDTH = 20

/**
 * What people read of a summary, a paragraph for each thing it says.
 * @param values its row by the names of the columns
 * @param width of the terminal
 */
export function describeSummary(values: Readonly<Record<string, Value>>, width: number): string[] {
  const lines: readonly (readonly [label: string, text: string])[] = [
    [values['sessions'] === 1 ? 'host' : 'hosts', `${text(values['hosts'])}, ${plural(values['sessions'], 'session')}`],
    ['time', describeTime(values)],
    ['attempts', describeAttempts(values)],
    ['outcomes', describeOutcomes(values)],
    ['latency', describeLatency(values)],
    ['lost', count(values['lost'])],
    ['completeness', text(values['completeness'])],
    ['dns', describeNames(values)],
    ['local errors', describeLocalErrors(values)],
    ['busiest endpoint', describeBusiest(values, 'endpoint', endpoint(values, 'busiest_endpoint'))],
    ['busiest user', describeBusiest(values, 'user', text(values['busiest_user'] ?? values['busiest_uid']))],
    ['busiest process', describeBusiest(values, 'process', process(values))],
    ['slowest endpoint', describeSlowest(values)],
  ]
  return lines.flatMap(([label, words]) => {
    const wrapped = wrap(words, Math.max(MIN_TEXT_WIDTH, width - LABEL_WIDTH))
    return wrapped.map((line, i) => (i === 0 ? label : '').padEnd(LABEL_WIDTH) + line)
  })
}

/** Breaks a text between words; a word that is too long is cut. */
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

type Values = Parameters<typeof describeSummary>[0]

const text = (value: Value | undefined) => safeText(String(value))
const count = (value: Value | undefined) => formatCount(Number(value))
const plural = (value: Value | undefined, noun: string) => formatPlural(Number(value), noun)
const duration = (value: Value | undefined) => formatDuration(value == null ? null : Number(value))

function describeTime({ started_ns: from, ended_ns: to, recorded_ns: length }: Values): string {
  if (typeof from !== 'bigint' || typeof to !== 'bigint') return 'nothing was recorded in that time'
  return `${formatTime(from, 0)} to ${formatTime(to, 0)}, ${formatLength(Number(length))} recorded`
}

function describeAttempts(values: Values): string {
  const { attempts, rate_per_second: rate, failed, failed_percent: percent } = values
  const perSecond = rate === null ? '' : `, ${formatRate(Number(rate))}`
  return `${count(attempts)}${perSecond}, ${count(failed)} failed (${Number(percent).toFixed(1)}%)`
}

function describeOutcomes(values: Values): string {
  const some = OUTCOMES.filter((outcome) => Number(values[outcome]) > 0)
  return some.map((outcome) => `${count(values[outcome])} ${outcome}`).join(', ') || 'none'
}

function describeLatency(values: Values): string {
  const names = ['p50', 'p90', 'p99', 'max']
  const retransmits = plural(values['syn_retransmits'], 'SYN retransmit')
  return [...names.map((name) => `${name} ${duration(values[`${name}_ns`])}`), retransmits].join(', ')
}

function describeNames(values: Values): string {
  const source = values['dns_source'] ?? null
  return describeDns({
    source: source === null ? null : text(source),
    lookups: Number(values['dns_lookups']),
    names: Number(values['dns_names']),
    attempts: Number(values['attempts']),
    named: Number(values['named_attempts']),
  })
}

function describeLocalErrors({ local_error_sessions: some, sessions: all }: Values): string {
  if (some === 0) return 'not recorded'
  return some === all ? 'recorded' : `recorded in ${count(some)} of ${plural(all, 'session')}`
}

function describeBusiest(values: Values, what: 'endpoint' | 'user' | 'process', name: string): string {
  const attempts = Number(values[`busiest_${what}_attempts`] ?? 0)
  if (attempts === 0) return 'none'
  const share = ((attempts / Number(values['attempts'])) * 100).toFixed(1)
  const plurals = { endpoint: 'endpoints', user: 'users', process: 'processes' }
  const of = values[plurals[what]] === 1 ? `1 ${what}` : `${count(values[plurals[what]])} ${plurals[what]}`
  return `${name}, ${formatPlural(attempts, 'attempt')} (${share}%), of ${of}`
}

function endpoint(values: Values, prefix: string): string {
  const address = text(values[`${prefix}_address`])
  return `${address.includes(':') ? `[${address}]` : address}:${text(values[`${prefix}_port`])}`
}

function process(values: Values): string {
  return `${text(values['busiest_process_comm'])}, pid ${text(values['busiest_process_pid'])}`
}

function describeSlowest(values: Values): string {
  const { slowest_endpoint_p99_ns: p99Ns, slowest_of_endpoints: of, slowest_min_latencies: min } = values
  if (p99Ns === null) return 'none'
  const chosen = `of ${plural(of, 'endpoint')} with ${plural(min, 'attempt')} or more`
  return `${endpoint(values, 'slowest_endpoint')}, p99 ${duration(p99Ns)} (${chosen})`
}
