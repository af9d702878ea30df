import { describeFiltered, describeUnrecorded, dnsLossLines } from '../dns/session-dns.js'
import { sumUpNames, type NameSums } from '../dns/sum-up-names.js'
import { parseBy } from '../options/parse-by.js'
import { rankRows } from '../result/rank-rows.js'
import type { Column, Row } from '../result/result.js'
import { formatPlural } from '../../show/format-number.js'
import { HOST, noteHosts, withHost } from '../sums/by-host.js'
import { BY_DNS } from '../sums/dimensions.js'
import { createLatencyReader } from '../sums/latencies.js'
import { hasFilters } from '../trace/attempt-filters.js'
import type { Scope } from '../trace/scope.js'
import type { QuerySettings, StoredQuery } from './stored-query.js'

const COLUMNS: readonly Column[] = [
  { name: 'dns_name', heading: 'NAME', kind: 'text', minWidth: 24 },
  { name: 'lookups', heading: 'LOOKUPS', kind: 'count' },
  { name: 'failed_lookups', heading: 'LOOKUPS FAILED', kind: 'count', isFailure: true },
  { name: 'lookup_p50_ns', heading: 'LOOKUP P50', kind: 'duration', leaveOut: 5 },
  { name: 'lookup_p99_ns', heading: 'LOOKUP P99', kind: 'duration', leaveOut: 3 },
  { name: 'lookup_max_ns', heading: 'LOOKUP MAX', kind: 'duration', leaveOut: 2 },
  { name: 'addresses', heading: 'ADDRESSES', kind: 'count', leaveOut: 1 },
  { name: 'attempts', heading: 'ATTEMPTS', kind: 'count' },
  { name: 'failed', heading: 'FAILED', kind: 'count', isFailure: true, leaveOut: 4 },
]

/** What was looked up, how that went, and what became of it. */
export const dns: StoredQuery = {
  name: 'dns',
  description:
    'per DNS name: lookups, their failures and latency, addresses, attempts made by it; of the filters, lookups go by --cgroup alone',
  example: 'tcpconn analyze dns tcpconn.db --never-connected',
  options: [
    { flags: '--never-connected', description: 'only names that were looked up and that no attempt was made by' },
    { flags: '--by <what>', description: 'host for the names of each host apart', words: ['host'] },
  ],
  columns: columnsFor({}),
  columnsFor,
  run(scope, settings) {
    const columns = columnsFor(settings.values)
    const names = sumUpNames(scope, columns.includes(HOST) ? withHost(BY_DNS) : BY_DNS)
    const unused = names.filter(({ attempts }) => attempts === 0)
    const isUnusedOnly = Boolean(settings.values.neverConnected)
    const reader = createLatencyReader()
    const toRow = (name: NameSums) => rowOf(name, reader)
    const ranked = rankRows({ columns, items: isUnusedOnly ? unused : names, compare, toRow }, settings)
    return {
      columns,
      ...ranked,
      warnings: [...dnsLossLines(scope.parts), ...describeUnrecorded(scope.parts), ...describeFiltered(scope.parts)],
      notes: [...noteHosts(scope, columns), ...describe(scope, isUnusedOnly ? 0 : unused.length)],
      whenEmpty: isUnusedOnly && names.length > 0 ? 'there were attempts by every name' : 'no lookup matches',
    }
  },
}

/** @throws UsageError for `--by` */
function columnsFor({ by }: QuerySettings['values']): readonly Column[] {
  return parseBy(by, ['name']).isByHost ? [HOST, ...COLUMNS] : COLUMNS
}

/** The most lookups first, of as many by name. */
function compare(a: NameSums, b: NameSums): number {
  return b.lookups - a.lookups || compareTexts(textOf(a), textOf(b))
}

function textOf({ key }: NameSums): string {
  return String(key.at(-1) ?? '')
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function rowOf(
  { key, lookups, failedLookups, latencies, addresses, attempts, failed }: NameSums,
  reader: ReturnType<typeof createLatencyReader>,
): Row {
  const maxNs = latencies.max
  const percentiles = reader.percentiles({ buckets: [], values: latencies, maxNs }, [50, 99])
  return [...key, lookups, failedLookups, ...percentiles, maxNs, addresses, attempts, failed]
}

function describe({ filters }: Scope, unused: number): string[] {
  const { cgroups: _, ...others } = filters
  return [
    ...(unused > 0 ? [`no attempts by ${formatPlural(unused, 'name')}; --never-connected shows these alone`] : []),
    'a lookup is one question; failed: an error, or no answer; latency is from query to answer, exact',
    ...(hasFilters({ ...others, cgroups: [] }) ? ['filters but --cgroup choose attempts, not lookups'] : []),
  ]
}
