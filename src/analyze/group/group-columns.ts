import type { Column, Value, ValueColumn } from '../result/result.js'
import type { Scope } from '../scan/scope.js'
import type { Dimension } from './dimension.js'
import { attemptsOf, compareAttempts, failedOf, percentOf } from './group-values.js'
import { createLatencyReader } from './latencies.js'
import { describeAccuracy, sumUp, type Group } from './sum-up.js'

/** A group, as read by columns. */
export interface GroupRow extends Group {
  readonly attempts: number
  readonly failed: number
  /** Attempts of all groups together */
  readonly attemptsOfAll: number
  /** In ns, nearest rank; `null` without latencies */
  percentile(percent: number): number | null
}

/**
 * The groups of a scope for `groupQuery`, most attempts first.
 * @param countsMembers as for `sumUp`
 */
export function findGroups(scope: Scope, dimension: Dimension, countsMembers = false) {
  const items = sumUp(scope, dimension, countsMembers)
  const prepare = () => createGroupRow(items)
  return { items, compare: compareAttempts, prepare, notes: [describeAccuracy(scope, dimension)] }
}

/** Creates the rows of groups. */
export function createGroupRow(groups: readonly Group[]): (group: Group) => GroupRow {
  const reader = createLatencyReader()
  const attemptsOfAll = groups.reduce((sum, group) => sum + attemptsOf(group), 0)
  return (group) => ({
    ...group,
    attempts: attemptsOf(group),
    failed: failedOf(group),
    attemptsOfAll,
    percentile: (percent) => reader.percentile(group.latencies, percent),
  })
}

/** The columns that name a group, from its key. */
export function keyColumns<Item>(dimension: Dimension, keyOf: (item: Item) => readonly Value[]): ValueColumn<Item>[] {
  const read = (column: Column, i: number) => ({ ...column, value: (item: Item) => keyOf(item)[i] ?? null })
  return dimension.columns.map(read)
}

/** A column with this value of a row. */
type Reads<Name extends keyof GroupRow> = ValueColumn<Pick<GroupRow, Name>>

export const ATTEMPTS: Reads<'attempts'> = {
  name: 'attempts',
  heading: 'ATTEMPTS',
  kind: 'count',
  value: (row) => row.attempts,
}

export const FAILED: Reads<'failed'> = {
  name: 'failed',
  heading: 'FAILED',
  kind: 'count',
  isFailure: true,
  leaveOut: 2,
  value: (row) => row.failed,
}

export const FAILED_PERCENT: Reads<'attempts' | 'failed'> = {
  name: 'failed_percent',
  heading: 'FAILED%',
  kind: 'percent',
  isFailure: true,
  value: ({ attempts, failed }) => percentOf(failed, attempts),
}

/** `p99_ns` for 99, `p999_ns` for 99.9. */
export function percentileColumn(percent: number, leaveOut?: number): Reads<'percentile'> {
  const name = `p${String(percent).replace('.', '')}_ns`
  const flags = leaveOut === undefined ? {} : { leaveOut }
  return { name, heading: `P${percent}`, kind: 'duration', ...flags, value: (row) => row.percentile(percent) }
}

export const MAX: Reads<'latencies'> = {
  name: 'max_ns',
  heading: 'MAX',
  kind: 'duration',
  leaveOut: 5,
  value: ({ latencies }) => latencies.maxNs,
}

/** Columns of groups of users or processes, with counts of their members. */
export const MEMBER_COLUMNS: readonly ValueColumn<GroupRow>[] = [
  ATTEMPTS,
  { name: 'endpoints', heading: 'ENDPOINTS', kind: 'count', leaveOut: 3, value: (row) => row.endpoints },
  { name: 'processes', heading: 'PROCESSES', kind: 'count', leaveOut: 4, value: (row) => row.processes },
  FAILED,
  FAILED_PERCENT,
  percentileColumn(50),
  percentileColumn(99, 7),
]
