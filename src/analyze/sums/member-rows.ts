import type { Column, Row } from '../result/result.js'
import type { Dimension } from './dimension.js'
import { attemptsOf, failedOf, percentOf } from './group-values.js'
import { createLatencyReader } from './latencies.js'
import type { Group } from './sum-up.js'

const COLUMNS: readonly Column[] = [
  { name: 'attempts', heading: 'ATTEMPTS', kind: 'count' },
  { name: 'endpoints', heading: 'ENDPOINTS', kind: 'count', leaveOut: 3 },
  { name: 'processes', heading: 'PROCESSES', kind: 'count', leaveOut: 4 },
  { name: 'failed', heading: 'FAILED', kind: 'count', isFailure: true, leaveOut: 2 },
  { name: 'failed_percent', heading: 'FAILED%', kind: 'percent', isFailure: true },
  { name: 'p50_ns', heading: 'P50', kind: 'duration' },
  { name: 'p99_ns', heading: 'P99', kind: 'duration', leaveOut: 7 },
]

/** Columns of a table of who connected: by users or by processes. */
export function memberColumns(dimension: Dimension): readonly Column[] {
  return [...dimension.columns, ...COLUMNS]
}

/** Makes rows for `memberColumns` of groups that `sumUp` counted the members of. */
export function createMemberRow(): (group: Group) => Row {
  const reader = createLatencyReader()
  return (group) => {
    const [attempts, failed] = [attemptsOf(group), failedOf(group)]
    const { key, endpoints, processes, latencies } = group
    const percentiles = reader.percentiles(latencies, [50, 99])
    return [...key, attempts, endpoints, processes, failed, percentOf(failed, attempts), ...percentiles]
  }
}
