import type { AttemptColumn } from './attempt-columns.js'
import { createSegmentIndex } from './segment-index.js'

/** Conditions on covered attempts. Plain data, which is sent to worker threads. `null`: no condition. */
export interface RowConditions {
  /** Half-open, in ns since the session began, ascending */
  readonly segments: readonly { readonly fromNs: number; readonly toNs: number }[] | null
  /** Whether an outcome is covered, by its code */
  readonly outcomes: readonly boolean[] | null
  /** 0: no limit */
  readonly minLatencyNs: number
  readonly processIds: Float64Array | null
  readonly endpointIds: Float64Array | null
}

/** A test of one column. NaN (NULL) fails every test. */
export interface ColumnTest {
  readonly column: AttemptColumn
  accepts(value: number): boolean
}

/** Ids below this limit have a byte each; larger ids, which only damaged files contain, are in a Set. */
const TABLE_LIMIT = 1 << 24

/** The conditions as tests of columns. An attempt must pass all of them. */
export function createColumnTests(conditions: RowConditions): ColumnTest[] {
  const { segments, outcomes, minLatencyNs, processIds, endpointIds } = conditions
  const tests: ColumnTest[] = []
  if (processIds !== null) tests.push({ column: 'process_id', accepts: isIn(processIds) })
  if (endpointIds !== null) tests.push({ column: 'endpoint_id', accepts: isIn(endpointIds) })
  if (outcomes !== null) tests.push({ column: 'outcome', accepts: (outcome) => outcomes[outcome] === true })
  if (minLatencyNs > 0) tests.push({ column: 'latency_ns', accepts: (latencyNs) => latencyNs >= minLatencyNs })
  if (segments !== null) tests.push({ column: 'started_ns', accepts: inTime(segments) })
  return tests
}

function inTime(segments: NonNullable<RowConditions['segments']>): (startedNs: number) => boolean {
  const indexOf = createSegmentIndex(segments)
  return (startedNs) => {
    const segment = segments[indexOf(startedNs)]
    return segment !== undefined && startedNs >= segment.fromNs && startedNs < segment.toNs
  }
}

function isIn(ids: Float64Array): (id: number) => boolean {
  const highest = ids.reduce((max, id) => Math.max(max, id), 0)
  if (highest >= TABLE_LIMIT || ids.some((id) => id < 0)) {
    const set = new Set(ids)
    return (id) => set.has(id)
  }
  const isWanted = new Uint8Array(highest + 1)
  for (const id of ids) isWanted[id] = 1
  return (id) => isWanted[id] === 1
}
