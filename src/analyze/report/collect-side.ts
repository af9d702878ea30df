import { formatDuration } from '../../text/format-duration.js'
import { formatCount, formatPlural, formatRate } from '../../text/format-number.js'
import { nameEndpoint } from '../../attempt/address.js'
import { attemptsOf, percentOf } from '../group/group-values.js'
import { createBandCounter, latencyRange } from '../group/latency-bands.js'
import { createLatencyReader } from '../group/latencies.js'
import { describeAccuracy, type Group } from '../group/sum-up.js'
import { listSessionFacts } from '../info/describe-session.js'
import { readSessions } from '../info/read-sessions.js'
import { lacksLookups, LOOKUPS_MISSING } from '../lookups/missing-lookups.js'
import { dnsLossLines } from '../lookups/session-dns.js'
import { listSummaryFacts } from '../queries/summary/describe-summary.js'
import { summarize, type Summary } from '../queries/summary/summarize.js'
import { topEndpoints } from '../queries/top-endpoints/top-endpoints.js'
import { coverLines } from '../scan/completeness-lines.js'
import type { Scope } from '../scan/scope.js'
import { describeGaps } from '../scan/session-facts.js'
import { collectTables, settingsOf } from './collect-tables.js'
import { makeTable, makeText } from './make-table.js'
import { planEndpointTimes } from './plan-endpoint-times.js'
import { readEndpointTimes } from './read-endpoint-times.js'
import { describeSeries, describeTimes, readTimeline, type BandedSeries, type Timeline } from './read-timeline.js'
import type { ReportEndpoint, ReportSide, ReportTable } from './report-data.js'

/** Sessions that are described, the newest. */
const MAX_SESSIONS = 5

/** How much of a side the page holds, and how it is found. */
export interface PageLimits {
  readonly endpoints: number
  /** Of each other table */
  readonly rows: number
  /** Attempts up to which all of them are read one by one where stored sums do not say enough */
  readonly readAttempts: number
}

/** What all sides of a page have in common. */
export interface PageParts {
  /** Of the bands of latency, in ns */
  readonly edges: readonly number[]
  readonly limits: PageLimits
  /** Whether a side has names of containers: both have the same tables. */
  readonly hasContainers: boolean
}

/** A scope with its timeline, which says which bands of latency are needed. */
export interface SideSource {
  readonly name: string
  /** The options that chose it */
  readonly selection: string
  readonly scope: Scope
  readonly timeline: Timeline
}

export function beginSide(name: string, selection: string, scope: Scope): SideSource {
  return { name, selection, scope, timeline: readTimeline(scope) }
}

/** The lowest and the highest latency of some sides, in ns; `null` without any. */
export function latencyRangeOf(sides: readonly SideSource[]): { minNs: number; maxNs: number } | null {
  const groups = sides.flatMap(({ timeline }) => timeline.intervals.flatMap(({ group }) => group ?? []))
  return latencyRange(
    createLatencyReader(),
    groups.map(({ latencies }) => latencies),
  )
}

/** Whether the image or the pod of a container is known, in any of the sessions of a side. */
export function hasContainers({ scope }: SideSource): boolean {
  const select = `SELECT EXISTS (SELECT 1 FROM container WHERE session_id = ?
    AND coalesce(container_image, pod_namespace) IS NOT NULL)`
  return scope.parts.some(({ trace, sessionId }) => trace.lookup.prepare(select).pluck().get(sessionId) === 1)
}

export function collectSide(
  { name, selection, scope, timeline }: SideSource,
  { edges, limits, hasContainers: withContainers }: PageParts,
): ReportSide {
  const reader = createLatencyReader()
  const countBands = edges.length === 0 ? null : createBandCounter(reader, edges)
  const groups = timeline.intervals.map(({ group }) => group)
  const isSmall = groups.reduce((sum, group) => sum + (group ? attemptsOf(group) : 0), 0) <= limits.readAttempts
  const summary = summarize(scope)
  const endpoints = topEndpoints.run(scope, settingsOf(limits.endpoints))
  const keys = endpoints.rows.map(([address, port]) => [address ?? null, port ?? null])
  const plan = planEndpointTimes(scope, isSmall)
  const times = readEndpointTimes(scope, plan, keys)
  const series = times.sums.map((sums, i): ReportEndpoint => {
    const [address, port] = keys[i] as (typeof keys)[number]
    const described = describeSeries(sums as readonly (Group | null)[], reader, countBands)
    const text = makeText(nameEndpoint(String(address), String(port)))
    return { name: text, ...described.series, bands: addBands(described.bands) }
  })
  const whole = describeSeries(groups, reader, countBands)
  const { parts } = scope
  return {
    name: makeText(name),
    warnings: [
      ...describeGaps([...new Set(parts.map(({ trace }) => trace))], parts),
      ...dnsLossLines(parts),
      ...(lacksLookups(scope) ? [LOOKUPS_MISSING] : []),
    ],
    figures: listFigures(summary),
    facts: [
      { title: 'Selection', lines: [['selected', makeText(selection)], ...listSummaryFacts(summary)] },
      ...describeSessions(scope),
    ],
    notes: [...coverLines(parts), describeAccuracy(scope)],
    times: describeTimes(timeline.intervals),
    timeline: whole.series,
    heatmap: whole.bands,
    endpointTimes: plan.times,
    endpoints: series,
    tables: [
      countRest(makeTable('endpoints', 'Top endpoints', endpoints), summary),
      ...collectTables({ scope, timeline, plan, times, isSmall, hasContainers: withContainers, limit: limits.rows }),
    ].map((table) => withoutNote(table, describeAccuracy(scope))),
  }
}

/** The bands of several groups together; empty without an attempt. */
function addBands(groups: BandedSeries['bands']): number[] {
  const [first, ...others] = groups.filter((bands) => bands.length > 0)
  return (first ?? []).map((count, band) => others.reduce((sum, one) => sum + (one[band] as number), count))
}

/** Removes notes that all tables have in common: the page prints them once. */
function withoutNote(table: ReportTable, note: string): ReportTable {
  return { ...table, notes: table.notes.filter((one) => one !== note) }
}

/** What an SRE looks at first. */
function listFigures(summary: Summary): (readonly [string, string])[] {
  const { attempts, rate, failed, lost, completeness, synRetransmits } = summary
  return [
    ['attempts', formatCount(attempts)],
    ['rate', rate === null ? '-' : formatRate(rate)],
    ['failed', `${formatCount(failed)} (${percentOf(failed, attempts).toFixed(1)}%)`],
    ['p50', formatDuration(summary.percentile(50))],
    ['p99', formatDuration(summary.percentile(99))],
    ['SYN retransmits', formatCount(synRetransmits)],
    ['lost', formatCount(lost)],
    ['completeness', completeness],
  ]
}

function describeSessions({ parts }: Scope): ReportSide['facts'] {
  // Of a server's sessions, the parts of the selected time are known.
  if (parts.some(({ trace }) => trace.remote)) return []
  return parts.slice(-MAX_SESSIONS).map(({ trace, sessionId }) => {
    const sessions = readSessions(trace.db)
    const session = sessions.find(({ session_id }) => session_id === sessionId) as (typeof sessions)[number]
    const lines = listSessionFacts(trace.db, session, session === sessions.at(-1))
    return {
      title: `Session ${sessionId} as a whole`,
      lines: lines.map(([label, text]) => [label, makeText(text)] as const),
    }
  })
}

/** The endpoints that are not in the page, as one line. */
function countRest(table: ReportTable, { attempts, endpoints }: Summary): ReportTable {
  const column = table.columns.findIndex(({ name }) => name === 'attempts')
  const shown = table.rows.reduce((sum, row) => sum + Number(row[column]), 0)
  if (table.hiddenRows === 0) return table
  const rest = attempts - shown
  const text = `${formatPlural(endpoints - table.rows.length, 'more endpoint')} with ${formatPlural(rest, 'attempt')} (${percentOf(rest, attempts).toFixed(1)}%) are not in this page`
  return { ...table, notes: [text, ...table.notes] }
}
