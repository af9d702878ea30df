import type { Database } from 'better-sqlite3'
import { describeCompleteness } from '../../store/completeness-text.js'
import { describeDnsLoss } from '../../store/dns-loss-text.js'
import { describeLossCounts, describeLostProcesses, sumLoss } from '../../store/loss-text.js'
import { OUTCOMES } from '../../store/outcome.js'
import { formatLength } from '../../show/format-duration.js'
import { formatCount, formatPlural, formatRate } from '../../show/format-number.js'
import { safeText } from '../../show/safe-text.js'
import { countLookups } from '../dns/count-lookups.js'
import { describeDns } from '../dns/dns-text.js'
import { countNamed } from '../dns/named-attempts.js'
import { readSessionDns } from '../dns/session-dns.js'
import { BY_SESSION } from '../sums/dimensions.js'
import { sumUp } from '../sums/sum-up.js'
import { NO_FILTERS } from '../trace/attempt-filters.js'
import { readClockSegments } from '../trace/clock-segments.js'
import { describeFilters } from '../trace/filters-text.js'
import { findRecorder, type Recorder } from '../trace/find-recorder.js'
import type { Scope } from '../trace/scope.js'
import { countFlags, readBatchFacts } from '../trace/session-facts.js'
import type { SessionRow } from './read-sessions.js'

const LABEL_WIDTH = 14
const END_REASONS: Record<string, string> = {
  duration: 'its duration was over',
  interrupt: 'interrupted (Ctrl-C)',
  terminate: 'terminated by a signal',
  command: 'its command ended',
  rotation: 'the recording went on in the next file',
  error: 'stopped by an error; attempts after the last batch are missing',
}
const FLAG_LABELS: Record<string, string> = {
  ipv4_mapped: 'IPv4-mapped',
  fast_open: 'TCP fast open',
  mptcp: 'MPTCP',
  kernel_thread: 'by a kernel thread',
  no_syn: 'without a SYN',
  simultaneous_open: 'simultaneous open',
  inexact: 'inexact (end not seen)',
}

/**
 * What `tcpconn info` says of one session. Loss comes first.
 * @param isNewest whether it is the trace's newest
 */
export function describeSession(db: Database, session: SessionRow, isNewest: boolean): string[] {
  const facts = readBatchFacts(db, [session.session_id])
  const flags = countFlags(db, session.session_id)
  const scope = scopeOf(db, session)
  const outcomes = sumUp(scope, BY_SESSION)[0]?.counts ?? []
  const dns = readSessionDns(db, session.session_id)
  const recorder = findRecorder(session, db.name, isNewest)
  const durationNs = session.duration_ns ?? facts.lastWrittenNs
  const loss = describeLossCounts(facts)
  const entries: [string, string | null][] = [
    ['loss', loss ?? 'none'],
    ['no process', describeLostProcesses(session.lost_process_count)],
    ['dns loss', describeDnsLoss(dns)],
    ['host', `${session.host}, Linux ${session.kernel} ${session.machine}, boot ${session.boot_id}`],
    ['recorded by', `tcpconn ${session.tool_version}: ${session.command_line}`],
    ['filters', session.filters === '{}' ? 'none' : describeFilters(session.filters)],
    ['time', `${formatTime(session.started_unix_ms)} for ${formatLength(durationNs)}`],
    ['ended', describeEnd(session, recorder)],
    ['attempts', `${formatCount(facts.attempts)} (${perSecond(facts.attempts, durationNs)})`],
    ['outcomes', listCounts(OUTCOMES.map((name, i) => [name, outcomes[i] ?? 0]))],
    ['of these', listCounts(Object.entries(flags).map(([name, count]) => [FLAG_LABELS[name] ?? name, count]))],
    ['local errors', dns.hasLocalErrors ? 'recorded' : 'not recorded'],
    ['dns', describeDns({ ...dns, ...countLookups(scope), attempts: facts.attempts, named: countNamed(scope) })],
    [
      'completeness',
      recorder ? 'not known before the end' : describeCompleteness({ ...session, lost: sumLoss(facts) }).text,
    ],
    ['skipped runs', describeSkippedRuns(session)],
    ['clock', session.clock_steps > 0 ? `set ${formatPlural(session.clock_steps, 'time')} while recording` : null],
  ]
  const lines = entries.flatMap(([label, text]) => (text ? [`  ${label.padEnd(LABEL_WIDTH)}${safeText(text)}`] : []))
  return [`session ${session.session_id}`, ...lines]
}

/** Everything of a session. */
function scopeOf(db: Database, { session_id: sessionId, host }: SessionRow): Scope {
  const trace = { path: db.name, missingLog: null, db, lookup: db, attempts: null, workers: null }
  const part = { trace, sessionId, host, segments: readClockSegments(db, sessionId) }
  return { parts: [part], filters: NO_FILTERS, isExact: false }
}

function describeEnd(session: SessionRow, recorder: Recorder): string {
  if (recorder === 'here') return `not yet: process ${session.recorder_pid} is recording`
  if (recorder === 'elsewhere') return 'not yet: a process of another PID namespace is recording'
  if (session.duration_ns === null) return 'without a goodbye: the recorder was killed or the host went down'
  return END_REASONS[session.end_reason ?? ''] ?? 'for a reason that this version does not know'
}

/** Most skipped runs cost nothing, and are told where somebody looks for details. */
function describeSkippedRuns({ skipped_run_count: all, uncovered_run_count: uncovered }: SessionRow): string | null {
  if (all === null || all === 0) return null
  return `${formatCount(all)} of the probe's programs, ${formatCount(uncovered ?? 0)} without a second program behind them`
}

function listCounts(entries: readonly (readonly [string, number])[]): string {
  return entries.flatMap(([name, count]) => (count > 0 ? [`${formatCount(count)} ${name}`] : [])).join(', ')
}

function perSecond(attempts: number, durationNs: number): string {
  return durationNs > 0 ? formatRate(attempts / (durationNs / 1e9)) : '-'
}

function formatTime(unixMs: number): string {
  return `${new Date(unixMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
