import { AT, type AttemptColumn, type AttemptRow } from './attempt-columns.js'
import { createSegmentIndex } from './segment-index.js'

/** What an attempt has to meet to be covered: plain data, which threads pass to each other. `null` leaves nothing out. */
export interface RowConditions {
  /** Half-open, in ns since the session began, ascending */
  readonly segments: readonly { readonly fromNs: number; readonly toNs: number }[] | null
  /** By outcome code: whether it is covered */
  readonly outcomes: readonly boolean[] | null
  /** 0 for no limit */
  readonly minLatencyNs: number
  readonly processIds: Float64Array | null
  readonly endpointIds: Float64Array | null
}

/** Whether an attempt is covered; looks at `columns` only. */
export interface RowTest {
  readonly columns: readonly AttemptColumn[]
  accepts(row: AttemptRow): boolean
}

type Test = (row: AttemptRow) => boolean

/** Ids below it have a byte each; others, as only a damaged file has them, are in a Set. */
const TABLE_LIMIT = 1 << 24

/** The conditions as a test of rows. NULL meets no condition. */
export function createRowTest(conditions: RowConditions): RowTest {
  const { segments, outcomes, minLatencyNs, processIds, endpointIds } = conditions
  const tests: { column: AttemptColumn; test: Test }[] = []
  if (segments !== null) tests.push({ column: 'started_ns', test: inTime(segments) })
  if (outcomes !== null) {
    tests.push({ column: 'outcome', test: (row) => outcomes[row[AT.outcome] as number] === true })
  }
  if (minLatencyNs > 0) {
    tests.push({ column: 'latency_ns', test: (row) => (row[AT.latency_ns] as number) >= minLatencyNs })
  }
  if (processIds !== null) tests.push({ column: 'process_id', test: isIn(processIds, AT.process_id) })
  if (endpointIds !== null) tests.push({ column: 'endpoint_id', test: isIn(endpointIds, AT.endpoint_id) })
  return { columns: tests.map(({ column }) => column), accepts: allOf(tests.map(({ test }) => test)) }
}

function inTime(segments: NonNullable<RowConditions['segments']>): Test {
  const indexOf = createSegmentIndex(segments)
  return (row) => {
    const startedNs = row[AT.started_ns] as number
    const segment = segments[indexOf(startedNs)]
    return segment !== undefined && startedNs >= segment.fromNs && startedNs < segment.toNs
  }
}

function isIn(ids: Float64Array, column: number): Test {
  const highest = ids.reduce((max, id) => Math.max(max, id), 0)
  if (highest >= TABLE_LIMIT || ids.some((id) => id < 0)) {
    const set = new Set(ids)
    return (row) => set.has(row[column] as number)
  }
  const isWanted = new Uint8Array(highest + 1)
  for (const id of ids) isWanted[id] = 1
  return (row) => isWanted[row[column] as number] === 1
}

/** A chain of few tests is faster than a loop over them. */
function allOf(tests: readonly Test[]): Test {
  const [first, ...others] = tests
  if (first === undefined) return () => true
  if (others.length === 0) return first
  const rest = allOf(others)
  return (row) => first(row) && rest(row)
}
