import { OUTCOMES } from '../../attempt/outcome.js'
import { formatCount, formatPlural } from '../../text/format-number.js'
import { formatLength } from '../../text/format-duration.js'
import { DIMENSIONS } from '../group/dimensions.js'
import { ATTEMPTS, keyColumns } from '../group/group-columns.js'
import { attemptsOf, percentOf, synRetransmitsOf } from '../group/group-values.js'
import { sumUp, type Group } from '../group/sum-up.js'
import { ITSELF, rankRows } from '../query/rank-rows.js'
import type { QuerySettings, StoredQuery } from '../query/stored-query.js'
import { byProcess } from '../queries/by-process.js'
import { byUid } from '../queries/by-uid.js'
import { churn } from '../queries/churn/churn.js'
import { lacksLookups } from '../lookups/missing-lookups.js'
import { dns } from '../queries/dns/dns.js'
import { failures } from '../queries/failures/failures.js'
import { retransmits } from '../queries/retransmits/retransmits.js'
import { slowest } from '../queries/slowest/slowest.js'
import type { Result, ValueColumn } from '../result/result.js'
import type { Scope } from '../scan/scope.js'
import { makeTable } from './make-table.js'
import { takeLast, takeSlowest, takeSpread } from './narrow-scope.js'
import type { EndpointPlan } from './plan-endpoint-times.js'
import type { EndpointTimes } from './read-endpoint-times.js'
import { readFailures } from './read-failures.js'
import type { Timeline } from './read-timeline.js'
import type { ReportTable } from './report-data.js'

/** Attempts that are read one by one for a section of the page where there are more of them: about 30 ms. */
const READ_ATTEMPTS = 30_000
/** Slices of time that those are taken from. */
const SLICES = 6
const SLOWEST_ROWS = 20

/** Who connected: a table each. */
const ACTORS: readonly { id: string; title: string; query: StoredQuery; values: QuerySettings['values'] }[] = [
  { id: 'users', title: 'Users', query: byUid, values: {} },
  { id: 'processes', title: 'Processes', query: byProcess, values: {} },
  { id: 'threads', title: 'Thread names', query: byProcess, values: { by: 'comm' } },
  { id: 'containers', title: 'Containers and units', query: byProcess, values: { by: 'container' } },
  { id: 'pods', title: 'Pods', query: byProcess, values: { by: 'pod' } },
]

/** The same for a recording that has names of containers. */
const CONTAINER_ACTORS: typeof ACTORS = [
  { id: 'namespaces', title: 'Namespaces of pods', query: byProcess, values: { by: 'namespace' } },
  { id: 'images', title: 'Images of containers', query: byProcess, values: { by: 'image' } },
]

/** What the tables of a side are made of. */
export interface TableSource {
  readonly scope: Scope
  readonly timeline: Timeline
  readonly plan: EndpointPlan
  readonly times: EndpointTimes
  /** Whether all attempts may be read one by one */
  readonly isSmall: boolean
  readonly hasContainers: boolean
  /** Rows of a table, at most */
  readonly limit: number
}

/** The tables below the endpoints, in the order of the page. */
export function collectTables(source: TableSource): ReportTable[] {
  const { scope, limit } = source
  const actors = [...ACTORS, ...(source.hasContainers ? CONTAINER_ACTORS : [])]
  const run = (query: StoredQuery, values: QuerySettings['values'] = {}) => query.run(scope, settingsOf(limit, values))
  return [
    makeTable('failures', 'Failures', source.isSmall ? run(failures) : sampleFailures(source)),
    makeTable('retransmits', 'SYN retransmits', source.isSmall ? run(retransmits) : sumRetransmits(scope, limit)),
    ...(lacksLookups(scope) ? [] : [makeTable('dns', 'DNS', run(dns))]),
    ...actors.map(({ id, title, query, values }) => makeTable(id, title, run(query, values))),
    makeTable('churn', 'Churn', source.isSmall ? run(churn) : churnAtEnd(source)),
    makeTable('slowest', 'Slowest attempts', findSlowest(source)),
  ]
}

/** How a query is run for the page. */
export function settingsOf(limit: number, values: QuerySettings['values'] = {}): QuerySettings {
  return { limit, sort: null, width: 120, values }
}

function sampleFailures({ scope, timeline, plan, times, limit }: TableSource): Result {
  return readFailures({ scope, plan, times, read: takeSpread(scope, timeline, READ_ATTEMPTS, SLICES) }, limit)
}

/** The sums of an endpoint */
interface RetransmitRow {
  readonly group: Group
  readonly attempts: number
}

const RETRANSMIT_COLUMNS: readonly ValueColumn<RetransmitRow>[] = [
  ...keyColumns<RetransmitRow>(DIMENSIONS.endpoint, ({ group }) => group.key),
  ATTEMPTS,
  { name: 'syn_retransmits', heading: 'SYN RETR', kind: 'count', value: ({ group }) => synRetransmitsOf(group) },
  {
    name: 'retransmits_percent',
    heading: 'PER 100 ATTEMPTS',
    kind: 'percent',
    value: ({ group, attempts }) => percentOf(synRetransmitsOf(group), attempts),
  },
  {
    name: 'timed_out',
    heading: 'TIMED OUT',
    kind: 'count',
    isFailure: true,
    value: ({ group: { counts } }) => counts[OUTCOMES.indexOf('timed_out')] as number,
  },
]

/** What stored sums know of retransmits. */
function sumRetransmits(scope: Scope, limit: number): Result {
  const groups = sumUp(scope, DIMENSIONS.endpoint).filter((group) => synRetransmitsOf(group) > 0)
  const items = groups.map((group) => ({ group, attempts: attemptsOf(group) }))
  const compare = (a: RetransmitRow, b: RetransmitRow) => synRetransmitsOf(b.group) - synRetransmitsOf(a.group)
  const ranked = rankRows(
    { columns: RETRANSMIT_COLUMNS, items, compare, keyOf: ({ group }) => group.key, prepare: ITSELF },
    { sort: null, limit },
  )
  return { ...ranked, notes: [], whenEmpty: 'no SYN was retransmitted' }
}

/** Gaps between attempts are known only where none is left out. */
function churnAtEnd({ scope, timeline, limit }: TableSource): Result {
  const last = takeLast(scope, timeline, READ_ATTEMPTS)
  const result = churn.run(last.scope, settingsOf(limit))
  const segments = last.scope.parts.flatMap((part) => part.segments)
  const lengthNs = Math.max(...segments.map(({ fromNs, toNs }) => toNs - fromNs), 0)
  const covered = `only the last ${formatCount(last.attempts)} attempts`
  const length = Number.isFinite(lengthNs) && lengthNs > 0 ? `, of intervals of ${formatLength(lengthNs)}` : ''
  return { ...result, notes: [`${covered}${length}: analyze churn reads all of them`, ...result.notes] }
}

function findSlowest({ scope, timeline, isSmall, limit }: TableSource): Result {
  const rows = Math.min(SLOWEST_ROWS, limit)
  if (isSmall) return slowest.run(scope, settingsOf(rows))
  const result = slowest.run(takeSlowest(scope, timeline, rows), settingsOf(rows))
  return { ...result, notes: [`the ${formatPlural(result.rows.length, 'slowest attempt')}`] }
}
