import type { Database } from 'better-sqlite3'
import { sumLoss } from '../../attempt/loss-causes.js'
import {
  describeCompleteness,
  describeDnsLoss,
  describeLossCounts,
  describeLostProcesses,
} from '../../attempt/loss-text.js'
import { describeRecordedFilters, recordedWholeHost } from '../../attempt/recorded-filters.js'
import { OUTCOMES } from '../../attempt/outcome.js'
import { formatLength } from '../../text/format-duration.js'
import { formatCount, formatPlural, formatRate } from '../../text/format-number.js'
import { safeText } from '../../text/safe-text.js'
import { countLookups, describeDns } from '../lookups/count-lookups.js'
import { countNamed } from '../lookups/named-attempts.js'
import { describeUnseenLookups } from '../lookups/unseen-lookups.js'
import { readSessionDns } from '../lookups/session-dns.js'
import { COUNTS_BY_SESSION } from '../group/dimensions.js'
import { sumUp } from '../group/sum-up.js'
import { NO_ATTEMPT_FILTERS } from '../scan/attempt-filters.js'
import { readClockSegments } from '../scan/clock-segments.js'
import { findRecorder, type Recorder } from '../scan/find-recorder.js'
import { parseLimits } from '../scan/host-limits.js'
import type { Scope } from '../scan/scope.js'
import { readBatchFacts, readDurationNs } from '../scan/batch-facts.js'
import { countFlags } from '../scan/session-facts.js'
import { describeSharing } from './describe-sharing.js'
import { describeNat } from './describe-nat.js'
import type { SessionRow } from './read-sessions.js'

const LABEL_WIDTH = 14
const END_REASONS: Record<string, string> = {
  duration: 'reached --duration',
  interrupt: 'interrupted (Ctrl-C)',
  terminate: 'terminated by a signal',
  command: 'its command ended',
  rotation: 'continued in the next file',
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

/** What `tcpconn info` says of one session, as `listSessionFacts` has it. */
export function describeSession(db: Database, session: SessionRow, isNewest: boolean): string[] {
  const facts = listSessionFacts(db, session, isNewest)
  return [`session ${session.session_id}`, ...facts.map(([label, text]) => `  ${label.padEnd(LABEL_WIDTH)}${text}`)]
}

/**
 * The lines of `tcpconn info` about one session, losses first.
 * @param isNewest whether it is the newest session of the trace
 */
export function listSessionFacts(
  db: Database,
  session: SessionRow,
  isNewest: boolean,
): (readonly [label: string, text: string])[] {
  const facts = readBatchFacts(db, [session.session_id])
  const flags = countFlags(db, session.session_id)
  const scope = scopeOf(db, session)
  const outcomes = sumUp(scope, COUNTS_BY_SESSION)[0]?.counts ?? []
  const dns = readSessionDns(db, session.session_id)
  const recorder = findRecorder(session, db.name, isNewest)
  const durationNs = readDurationNs(db, session.session_id)
  const loss = describeLossCounts(facts)
  const entries: [string, string | null][] = [
    ...describeSharing(session.sharing).map((text): [string, string] => ['shared', text]),
    ['loss', loss ?? 'none'],
    ['no process', describeLostProcesses(session.lost_process_count)],
    ['dns loss', describeDnsLoss(dns)],
    ...[...parseLimits(session.limits), ...describeUnseenLookups(scope)].map((text): [string, string] => [
      'not seen',
      text,
    ]),
    ['host', describeHost(session)],
    ['recorded by', describeRecorder(session)],
    ['filters', recordedWholeHost(session.filters) ? 'none' : describeRecordedFilters(session.filters)],
    ['time', `${formatTime(session.started_unix_ms)} for ${formatLength(durationNs)}`],
    ['ended', describeEnd(session, recorder)],
    ['attempts', `${formatCount(facts.attempts)} (${perSecond(facts.attempts, durationNs)})`],
    ['outcomes', listCounts(OUTCOMES.map((name, i) => [name, outcomes[i] ?? 0]))],
    ['of these', listCounts(Object.entries(flags).map(([name, count]) => [FLAG_LABELS[name] ?? name, count]))],
    ['local errors', dns.hasLocalErrors ? 'recorded, except those of 32-bit programs and of io_uring' : 'not recorded'],
    ['nat', describeNat(db, session)],
    ['dns', describeDns({ ...dns, ...countLookups(scope), attempts: facts.attempts, named: countNamed(scope) })],
    ['dns ports', dns.ports],
    [
      'completeness',
      recorder ? 'not known before the end' : describeCompleteness({ ...session, lost: sumLoss(facts) }).text,
    ],
    ['skipped runs', describeSkippedRuns(session)],
    ['clock', session.clock_steps > 0 ? `set ${formatPlural(session.clock_steps, 'time')} while recording` : null],
  ]
  return entries.flatMap(([label, text]) => (text ? [[label, safeText(text)]] : []))
}

/** A scope with the whole session. */
function scopeOf(db: Database, { session_id: sessionId, host }: SessionRow): Scope {
  const trace = { path: db.name, missingLog: null, db, lookup: db, attempts: null, workers: null }
  const part = { trace, sessionId, host, segments: readClockSegments(db, sessionId) }
  return { parts: [part], filters: NO_ATTEMPT_FILTERS, isExact: false }
}

/** A shared session may have no boot id. */
function describeHost({ host, kernel, machine, boot_id: bootId }: SessionRow): string {
  return `${host}, Linux ${kernel} ${machine}${bootId === '' ? '' : `, boot ${bootId}`}`
}

/** A shared session has no command line. */
function describeRecorder({ tool_version: version, command_line: typed }: SessionRow): string {
  return `tcpconn ${version}${typed === '' ? '' : `: ${typed}`}`
}

function describeEnd(session: SessionRow, recorder: Recorder): string {
  if (recorder === 'here') return `not yet: process ${session.recorder_pid} is recording`
  if (recorder === 'elsewhere') return 'not yet: a process of another PID namespace is recording'
  if (session.duration_ns === null) return 'unclean shutdown: the recorder was killed or the host went down'
  return END_REASONS[session.end_reason ?? ''] ?? 'for a reason that this version does not know'
}

/** Most skipped runs cost nothing, so only the details list them. */
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
