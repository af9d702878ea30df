import { renderHistogram, type Band } from '../../charts/render-histogram.js'
import { latencyEdges } from '../../charts/latency-scale.js'
import { formatCount, formatPlural } from '../../../text/format-number.js'
import { wrapLine } from '../../../text/wrap-line.js'
import { nameHosts } from '../../group/by-host.js'
import type { Dimension } from '../../group/dimension.js'
import { BY_SESSION, DIMENSIONS, DIMENSION_NAMES, parseDimension } from '../../group/dimensions.js'
import {
  ATTEMPTS,
  createGroupRow,
  FAILED,
  FAILED_PERCENT,
  findGroups,
  keyColumns,
  MAX,
  percentileColumn,
  type GroupRow,
} from '../../group/group-columns.js'
import { percentOf } from '../../group/group-values.js'
import { createLatencyReader, type Latencies } from '../../group/latencies.js'
import { createBandCounter, latencyRange } from '../../group/latency-bands.js'
import { describeAccuracy, sumUp, type Group } from '../../group/sum-up.js'
import { describeUnrecorded } from '../../lookups/session-dns.js'
import { ITSELF, rankRows } from '../../query/rank-rows.js'
import type { QuerySettings, StoredQuery } from '../../query/stored-query.js'
import { NO_ATTEMPTS, type Result, type ValueColumn } from '../../result/result.js'
import type { Scope } from '../../scan/scope.js'
import { lowestLatency } from './lowest-latency.js'

const MAX_BANDS = 24

/** All attempts, in the form that columns read. */
interface AllAttempts extends Pick<GroupRow, 'attempts' | 'failed' | 'latencies' | 'percentile'> {
  /** The lowest latency in ns */
  readonly minNs: number | null
}

const NOTHING: AllAttempts = {
  attempts: 0,
  failed: 0,
  latencies: { buckets: [], values: null, maxNs: null },
  minNs: null,
  percentile: () => null,
}

const COUNTS = [ATTEMPTS, FAILED, FAILED_PERCENT]

/**
 * The columns of the only row without --by. Its percentiles fill a narrow terminal: counts are printed above the
 * histogram.
 */
const COLUMNS_OF_ALL: readonly ValueColumn<AllAttempts>[] = [
  ...COUNTS.map((column) => ({ ...column, isHidden: true })),
  { name: 'min_ns', heading: 'MIN', kind: 'duration', leaveOut: 6, value: (row) => row.minNs },
  percentileColumn(50),
  percentileColumn(75, 1),
  percentileColumn(90, 4),
  percentileColumn(95, 2),
  percentileColumn(99),
  percentileColumn(99.9, 3),
  MAX,
]

function columnsBy(dimension: Dimension): readonly ValueColumn<GroupRow>[] {
  const percentiles = [percentileColumn(50), percentileColumn(90, 4), percentileColumn(99), percentileColumn(99.9, 3)]
  return [...keyColumns<Group>(dimension, ({ key }) => key), ...COUNTS, ...percentiles, MAX]
}

/** The distribution of latencies, of all attempts or by group. */
export const latency: StoredQuery = {
  name: 'latency',
  description:
    'latency distribution: percentiles up to p99.9 and a histogram, of all attempts, or percentiles per group',
  example: 'tcpconn analyze latency tcpconn.db --by subnet/16',
  options: [
    {
      flags: '--by <dimension>',
      description: `one row per group: ${DIMENSION_NAMES}`,
      words: DIMENSION_NAMES.split(', '),
    },
  ],
  columns: COLUMNS_OF_ALL,
  columnsFor: ({ by }) => (by === undefined ? COLUMNS_OF_ALL : columnsBy(parseDimension(by))),
  run(scope, settings) {
    return settings.values.by === undefined ? ofAll(scope, settings) : byDimension(scope, settings, settings.values.by)
  },
}

function ofAll(scope: Scope, settings: QuerySettings): Result {
  const [group] = sumUp(scope, BY_SESSION)
  const all = describeAll(scope, group)
  return {
    ...rankRows({ columns: COLUMNS_OF_ALL, items: [all], prepare: ITSELF }, settings),
    notes: [describeAccuracy(scope)],
    // A row of zeros is left out: it has no information.
    isChartOnly: all.attempts === 0,
    chart: (width) => {
      if (group === undefined || all.attempts === 0) return [NO_ATTEMPTS]
      return [...wrapLine(describeCounts(all), width), ...drawBands(group.latencies, width)]
    },
  }
}

function byDimension(scope: Scope, settings: QuerySettings, by: string): Result {
  const dimension = nameHosts(parseDimension(by), scope)
  const { notes, ...found } = findGroups(scope, dimension)
  const ranking = { ...found, columns: columnsBy(dimension), keyOf: ({ key }: Group) => key }
  const unnamed = dimension === DIMENSIONS.dns ? describeUnrecorded(scope.parts) : []
  return { ...rankRows(ranking, settings), notes: [...notes, ...unnamed] }
}

function describeAll(scope: Scope, group: Group | undefined): AllAttempts {
  if (group === undefined) return NOTHING
  const row = createGroupRow([group])(group)
  const minNs = lowestLatency(scope, group)
  // The middle of a bucket may be lower than the lowest value in it, or higher than the highest.
  const atLeast = (ns: number | null) => (ns === null || minNs === null ? ns : Math.max(ns, minNs))
  const latencies = { ...row.latencies, maxNs: atLeast(row.latencies.maxNs) }
  return { ...row, latencies, minNs, percentile: (percent) => atLeast(row.percentile(percent)) }
}

function describeCounts({ attempts, failed }: AllAttempts): string {
  const share = failed > 0 ? `, ${formatCount(failed)} failed (${percentOf(failed, attempts).toFixed(1)}%)` : ''
  return `${formatPlural(attempts, 'attempt')}${share}`
}

function drawBands(latencies: Latencies, width: number): string[] {
  const reader = createLatencyReader()
  const range = latencyRange(reader, [latencies])
  if (range === null) return ['']
  const edges = latencyEdges(range.minNs, range.maxNs, MAX_BANDS)
  const bands = createBandCounter(
    reader,
    edges,
  )(latencies).map((count, band): Band => {
    return { fromNs: edges[band] as number, toNs: edges[band + 1] as number, count }
  })
  return ['', ...renderHistogram(bands, width), '']
}
