import { OUTCOMES } from '../../attempt/outcome.js'
import type { Value } from '../result/result.js'
import { AT, ATTEMPT_COLUMNS, type AttemptColumn, type AttemptRow } from '../scan/attempt-columns.js'
import { endpointConditions, processConditions } from '../scan/attempt-filters.js'
import { readClockSegments } from '../scan/clock-segments.js'
import { coverPart, type IdRange } from '../scan/plan-scan.js'
import { scanBlocks } from '../scan/scan-rows.js'
import type { Scope, SessionPart } from '../scan/scope.js'
import { createSegmentIndex } from '../scan/segment-index.js'
import { createAccumulator, type GroupSums } from './accumulator.js'
import type { Dimension } from './dimension.js'
import { createKeyNumbers, createMembers } from './intern-keys.js'
import { readStoredSums, type SumsTarget } from './stored-sums.js'
import { RELATIVE_ERROR } from '../../sums/latency-histogram.js'

/** A group of attempts and its sums. */
export interface Group extends GroupSums {
  readonly key: readonly Value[]
}

/**
 * Sums up a scope by a dimension in one pass: from stored sums where they suffice, otherwise from every attempt.
 * @param countsMembers for a dimension of processes: counts the distinct processes and endpoints of each group
 */
export function sumUp(scope: Scope, dimension: Dimension, countsMembers = false): Group[] {
  if (scope.kept === undefined || countsMembers) return sumUpNow(scope, dimension, countsMembers)
  const ofScope = scope.kept.get(scope) ?? new Map<unknown, unknown>()
  scope.kept.set(scope, ofScope)
  const groups = (ofScope.get(dimension) as Group[] | undefined) ?? sumUpNow(scope, dimension, false)
  ofScope.set(dimension, groups)
  return [...groups]
}

function sumUpNow(scope: Scope, dimension: Dimension, countsMembers: boolean): Group[] {
  const keys = createKeyNumbers(dimension)
  if (countsMembers && dimension.source !== 'process') {
    throw new Error('stored sums have no processes and endpoints of this dimension')
  }
  const members = countsMembers ? createMembers() : null
  const sums = createAccumulator(scope.isExact)
  for (const part of scope.parts) {
    const target = { groupOf: keys.of(part), sums, members: members?.of(part) ?? null }
    const cover = coverPart(part, canUseSums(scope, part, dimension))
    readStoredSums(scope, part, { dimension, windowIds: cover.windowIds }, target)
    scanPart(scope, part, dimension, cover.ranges, target)
  }
  return sums.finish().map((group, number) => Object.assign(group, { key: keys.keyOf(number) }))
}

/** Whether stored sums suffice for a part. They lack single latencies, latencies per outcome, and pairs of processes and endpoints. */
export function canUseSums({ filters, isExact }: Scope, part: SessionPart, dimension: Dimension): boolean {
  if (isExact || filters.outcomes.length > 0 || filters.minLatencyNs > 0) return false
  const byEndpoint = endpointConditions(filters).length > 0
  const byProcess = processConditions(filters).length > 0
  switch (dimension.source) {
    case 'endpoint':
      return !byProcess
    case 'process':
      return !byEndpoint
    case 'second':
      // Stored by the clock at the start of the session.
      return !byEndpoint && !byProcess && part.segments.length === 1 && isFirstClock(part)
    case 'session':
      return !(byEndpoint && byProcess)
    default:
      return false
  }
}

function isFirstClock({ trace, sessionId, segments }: SessionPart): boolean {
  const [first] = readClockSegments(trace.db, sessionId)
  return segments[0]?.unixOffsetNs === first?.unixOffsetNs
}

/** The columns that contain the id for `Dimension.keys`, and how to read it. */
function idOf(dimension: Dimension, part: SessionPart): NonNullable<Dimension['attempt']> {
  const column = (name: AttemptColumn) => {
    const at = AT[name]
    return { columns: [name], id: () => (row: AttemptRow) => row[at] as number }
  }
  switch (dimension.source) {
    case 'endpoint':
      return column('endpoint_id')
    case 'process':
      return column('process_id')
    case 'session':
      return { columns: [], id: () => () => part.sessionId }
    case 'second':
      return { columns: ['started_ns'], id: unixSecondOf }
    default:
      return dimension.attempt as NonNullable<Dimension['attempt']>
  }
}

/** Exact seconds of Unix time: a double cannot hold Unix ns, so seconds and the rest are separate. */
function unixSecondOf({ segments }: SessionPart): (row: AttemptRow) => number {
  const offsets = segments.map(({ unixOffsetNs }) => {
    return { seconds: Number(unixOffsetNs / 1_000_000_000n), restNs: Number(unixOffsetNs % 1_000_000_000n) }
  })
  const indexOf = createSegmentIndex(segments)
  return (row) => {
    const startedNs = row[AT.started_ns] as number
    const offset = offsets[indexOf(startedNs)] as (typeof offsets)[number]
    return offset.seconds + Math.floor((startedNs + offset.restNs) / 1e9)
  }
}

function scanPart(
  scope: Scope,
  part: SessionPart,
  dimension: Dimension,
  ranges: readonly IdRange[],
  { groupOf, sums, members }: SumsTarget,
): void {
  if (ranges.length === 0) return
  const covered = coveredOutcomes(scope, dimension)
  const { columns, id } = idOf(dimension, part)
  const idOfRow = id(part)
  const positions = columns.map((column) => AT[column])
  const row = new Float64Array(ATTEMPT_COLUMNS.length)
  const memberColumns: AttemptColumn[] = members === null ? [] : ['process_id', 'endpoint_id']
  const wanted: AttemptColumn[] = [...columns, 'outcome', 'syn_retransmits', 'latency_ns', ...memberColumns]
  let groups = new Int32Array(0)
  scanBlocks(scope, part, ranges, wanted, ({ columns: values, count }) => {
    if (groups.length < count) groups = new Int32Array(count)
    const column = (name: AttemptColumn) => values[AT[name]] as Float64Array
    const [outcomes, synRetransmits, latencies] = [column('outcome'), column('syn_retransmits'), column('latency_ns')]
    for (let i = 0; i < count; i++) {
      for (let k = 0; k < positions.length; k++) {
        const position = positions[k] as number
        row[position] = values[position]![i] as number
      }
      groups[i] = groupOf(idOfRow(row))
      // The block is reused afterwards.
      if (covered[(outcomes[i] as number) & 7] !== true) latencies[i] = -1
    }
    sums.addAttempts({ count, entries: groups, outcomes, synRetransmits, latencies })
    if (members === null) return
    const [processIds, endpointIds] = [column('process_id'), column('endpoint_id')]
    for (let i = 0; i < count; i++) {
      sums.addProcess(groups[i] as number, members.processOf(processIds[i] as number))
      sums.addEndpoint(groups[i] as number, members.endpointOf(endpointIds[i] as number))
    }
  })
}

/** By outcome code: whether latencies cover it. Established attempts, or the outcomes that the options select. */
export function coveredOutcomes({ filters }: Scope, { coversOutcomes = false }: Dimension): boolean[] {
  const byItself = coversOutcomes ? OUTCOMES : ['established']
  const asked = filters.outcomes.length === 0 ? byItself : filters.outcomes
  return OUTCOMES.map((outcome) => (asked as readonly string[]).includes(outcome))
}

/** The line about latencies below a table: which attempts they cover, and the accuracy of percentiles. */
export function describeAccuracy({ filters, isExact }: Scope, dimension?: Dimension): string {
  const byItself = dimension?.coversOutcomes ? 'all' : 'established'
  const covered = filters.outcomes.length === 0 ? byItself : filters.outcomes.join(', ')
  const accuracy = isExact ? 'exact' : `within ${(RELATIVE_ERROR * 100).toFixed(1)}% (--exact reads every value)`
  return `latency covers ${covered} attempts; percentiles are ${accuracy}`
}
