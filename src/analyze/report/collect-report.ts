import { TOOL_VERSION } from '../../base/package.js'
import { findDamage } from '../../store/find-damage.js'
import { formatTime } from '../../text/format-time.js'
import { safeText } from '../../text/safe-text.js'
import { latencyEdges } from '../charts/latency-scale.js'
import { selectScope, type RawScope } from '../options/select-scope.js'
import { COMPARED_FILES } from '../queries/diff/compared-files.js'
import { diff, splitScope } from '../queries/diff/diff.js'
import { describeEarlierSessions } from '../scan/select-sessions.js'
import type { Scope } from '../scan/scope.js'
import { answerFrom, type RemoteOptions } from '../source/from-source.js'
import { withTraces, type Trace } from '../scan/trace.js'
import { beginSide, collectSide, hasContainers, latencyRangeOf, type PageLimits } from './collect-side.js'
import { settingsOf } from './collect-tables.js'
import { describeSelection } from './describe-selection.js'
import { makeTable } from './make-table.js'
import type { ReportData } from './report-data.js'

/** Bands of latency of the heatmap and the distribution. */
const MAX_BANDS = 32
/** What keeps a page below 400 kB, and its making below a second. */
export const LIMITS: PageLimits = { endpoints: 100, rows: 50, readAttempts: 300_000 }
const LIMITS_OF_TWO: PageLimits = { endpoints: 50, rows: 30, readAttempts: 150_000 }
const MAX_CHANGES = 100

/**
 * All that a page shows.
 * @param limits of the side, where there is one
 */
export function collectReport(files: readonly string[], raw: RawScope, limits: PageLimits = LIMITS): ReportData {
  const paths = COMPARED_FILES.paths(files)
  try {
    return withTraces(paths, (traces) => {
      if (files.length > 1) return compare(COMPARED_FILES.select(traces, files, raw), files, describeSelection(raw))
      const [file] = files as [string]
      const path = paths[0] as string
      const scope = selectOne(traces, file, path, raw)
      return describe({
        file,
        scope,
        limits,
        selection: describeSelection(raw),
        leftOut: file === path ? describeEarlierSessions(traces, raw) : [],
      })
    })
  } catch (error) {
    throw findDamage(paths, error)
  }
}

/** The same for the sessions of a server. @throws as `withRemoteTrace` */
export function collectRemoteReport(options: RemoteOptions): Promise<ReportData> {
  const selection = describeSelection(options)
  return answerFrom(options, (traces, raw) => {
    const [trace] = traces as [Trace]
    return describe({ file: trace.path, scope: selectScope(traces, raw), limits: LIMITS, selection, leftOut: [] })
  })
}

/** `FILE@2` is session 2 of FILE, as in a comparison. */
function selectOne(traces: readonly Trace[], file: string, path: string, raw: RawScope): Scope {
  const scope = selectScope(traces, file === path ? raw : { ...raw, session: file.slice(path.length + 1) })
  return { ...scope, kept: new WeakMap() }
}

interface OneSide {
  readonly file: string
  readonly scope: Scope
  readonly selection: string
  readonly limits: PageLimits
  /** A line about sessions that are not shown */
  readonly leftOut: readonly string[]
}

function describe({ file, scope, selection, limits, leftOut }: OneSide): ReportData {
  const side = beginSide(file, selection, scope)
  const edges = edgesOf([side])
  const described = collectSide(side, { edges, limits, hasContainers: hasContainers(side) })
  const sides = [{ ...described, notes: [...leftOut, ...described.notes] }]
  return { title: `TCP connects of ${hostsOf(scope)}`, made: describeMaking(), edges, sides, changes: null }
}

function compare(scope: Scope, files: readonly string[], selection: string): ReportData {
  const sources = splitScope(scope).map((side, i) =>
    beginSide(files[i] as string, selection, { ...side, kept: new WeakMap() }),
  )
  const edges = edgesOf(sources)
  const changes = makeTable('changes', 'Changes beyond noise', diff.run(scope, settingsOf(MAX_CHANGES)))
  const page = { edges, limits: LIMITS_OF_TWO, hasContainers: sources.some(hasContainers) }
  const sides = sources.map((source) => collectSide(source, page))
  return { title: `TCP connects of ${hostsOf(scope)}, compared`, made: describeMaking(), edges, sides, changes }
}

function edgesOf(sources: Parameters<typeof latencyRangeOf>[0]): number[] {
  const range = latencyRangeOf(sources)
  return range === null ? [] : latencyEdges(range.minNs, range.maxNs, MAX_BANDS)
}

function hostsOf({ parts }: Scope): string {
  return safeText([...new Set(parts.map(({ host }) => host))].join(', '))
}

function describeMaking(): string {
  const time = formatTime(BigInt(Date.now()) * 1_000_000n, 0)
  return `Made by tcpconn ${TOOL_VERSION} at ${time}. All times are UTC. This file needs no network.`
}
