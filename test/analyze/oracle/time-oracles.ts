import { HEATMAP_MARGIN } from '../../../src/analyze/charts/render-heatmap.js'
import { heatmap } from '../../../src/analyze/queries/heatmap.js'
import type { StoredQuery } from '../../../src/analyze/query/stored-query.js'
import { timeline } from '../../../src/analyze/queries/timeline/timeline.js'
import type { Oracle } from './oracle.js'
import type { ExactRow } from './read-exact-json.js'
import { COUNTS, percentiles } from './sql-words.js'

const NS_PER_SECOND = 1_000_000_000n
/** Maximum number of intervals without a terminal */
const ROOM = 120 - HEATMAP_MARGIN

/** Timelines over every interval of the recorded time, including those without an attempt. */
function timelineOf(options: readonly string[], stepOf: (found: readonly ExactRow[]) => bigint): Oracle {
  const started = timeColumn(timeline)
  return {
    args: ['timeline', ...options],
    estimated: 'all',
    key: [started],
    order: { column: started, ascends: true },
    sql: (found) => {
      const step = stepOf(found)
      return `
        WITH intervals AS (
            SELECT unnest(generate_series(min(from_ns) // ${step} * ${step}, max(to_ns) - 1, ${step})) AS start
            FROM ranges
            UNION SELECT started_ns // ${step} * ${step} FROM c),
          recorded AS (
            SELECT start, sum(greatest(0, least(to_ns, start + ${step}) - greatest(from_ns, start))) / 1e9 AS seconds
            FROM intervals, ranges GROUP BY start),
          sums AS (SELECT started_ns // ${step} * ${step} AS start, ${COUNTS}, ${percentiles('p50', 'p99')} FROM c GROUP BY 1)
        SELECT start AS "${started}", coalesce(attempts, 0) AS attempts, coalesce(failed, 0) AS failed,
          coalesce(failed_percent, 0) AS failed_percent, p50_ns, p99_ns,
          CASE WHEN seconds > 0 THEN coalesce(attempts, 0) / greatest(1, seconds) ELSE attempts * 1e9 / ${step} END
            AS rate_per_second
        FROM recorded LEFT JOIN sums USING (start)`
    },
  }
}

export const TIMELINE = timelineOf([], (found) => stepBetween(found, timeColumn(timeline)))
export const TIMELINE_OF_7S = timelineOf(['--interval', '7s'], () => 7n * NS_PER_SECOND)

/** The shortest interval in whole seconds for which a heatmap of 120 columns fits the recording. */
const HEATMAP_STEP = `
  WITH span AS (
      SELECT min(from_ns) // ${NS_PER_SECOND} AS first, (max(to_ns) - 1) // ${NS_PER_SECOND} AS last FROM ranges),
    lengths AS (
      SELECT *, unnest(generate_series(1 + (last - first) // (2 * ${ROOM}), 2 + 2 * (last - first) // ${ROOM})) AS seconds
      FROM span)
  SELECT min(seconds) * ${NS_PER_SECOND} AS ns FROM lengths WHERE last // seconds - first // seconds + 1 <= ${ROOM}`

/** The edges of bands are those of the result. An attempt outside of all bands would give a row without edges. */
export const HEATMAP: Oracle = {
  args: ['heatmap'],
  estimated: 'all',
  key: [timeColumn(heatmap), 'latency_from_ns', 'latency_to_ns'],
  order: { column: timeColumn(heatmap), ascends: true },
  sql: (found) => {
    const edges = new Set(found.map((row) => `(${row['latency_from_ns']}, ${row['latency_to_ns']})`))
    const interval = `started_ns // ns * ns AS "${timeColumn(heatmap)}"`
    return `
      WITH step AS (${HEATMAP_STEP})
      SELECT ${interval}, latency_from_ns, latency_to_ns, count(*) AS attempts
      FROM c CROSS JOIN step LEFT JOIN (VALUES ${[...edges].join(', ')}) AS bands (latency_from_ns, latency_to_ns)
        ON latency_ns >= latency_from_ns AND latency_ns < latency_to_ns
      WHERE is_covered GROUP BY 1, 2, 3
      UNION ALL SELECT ${interval}, NULL, NULL, count(*) FROM c CROSS JOIN step WHERE is_failed GROUP BY 1`
  },
}

/** The name of the column with times. */
function timeColumn({ columns }: StoredQuery): string {
  return columns.find(({ kind }) => kind === 'time')?.name ?? 'none'
}

/** The interval length that a query chose: the smallest difference between two intervals. */
function stepBetween(found: readonly ExactRow[], started: string): bigint {
  const starts = [...new Set(found.map((row) => row[started] as bigint))].toSorted((a, b) => (a < b ? -1 : 1))
  const distances = starts.slice(1).map((start, i) => start - (starts[i] as bigint))
  return distances.reduce((least, one) => (one < least ? one : least), distances[0] ?? NS_PER_SECOND)
}
