import { TcpconnError } from '../../../base/errors.js'
import { lacksLookups, LOOKUPS_MISSING } from '../../lookups/missing-lookups.js'
import { describeFiltered, describeUnrecorded, dnsLossLines } from '../../lookups/session-dns.js'
import { describeUnseenLookups } from '../../lookups/unseen-lookups.js'
import { sumUpNames, type NameSums } from './sum-up-names.js'
import { groupQuery } from '../../query/group-query.js'
import { compareKeys } from '../../query/rank-rows.js'
import type { ValueColumn } from '../../result/result.js'
import { formatPlural } from '../../../text/format-number.js'
import { withFlags } from '../../group/dimension.js'
import { DIMENSIONS } from '../../group/dimensions.js'
import { ATTEMPTS, FAILED } from '../../group/group-columns.js'
import { createLatencyReader } from '../../group/latencies.js'
import { hasFilters } from '../../scan/attempt-filters.js'
import type { Scope } from '../../scan/scope.js'

/** A name with the percentiles of its lookups. */
interface NameRow extends NameSums {
  percentile(percent: number): number | null
}

const COLUMNS: readonly ValueColumn<NameRow>[] = [
  { name: 'lookups', heading: 'LOOKUPS', kind: 'count', value: (row) => row.lookups },
  {
    name: 'failed_lookups',
    heading: 'LOOKUPS FAILED',
    kind: 'count',
    isFailure: true,
    value: (row) => row.failedLookups,
  },
  { name: 'truncated_lookups', heading: 'TRUNCATED', kind: 'count', leaveOut: 1, value: (row) => row.truncatedLookups },
  { name: 'lookup_p50_ns', heading: 'LOOKUP P50', kind: 'duration', leaveOut: 6, value: (row) => row.percentile(50) },
  { name: 'lookup_p99_ns', heading: 'LOOKUP P99', kind: 'duration', leaveOut: 4, value: (row) => row.percentile(99) },
  { name: 'lookup_max_ns', heading: 'LOOKUP MAX', kind: 'duration', leaveOut: 3, value: (row) => row.latencies.max },
  { name: 'addresses', heading: 'ADDRESSES', kind: 'count', leaveOut: 2, value: (row) => row.addresses },
  ATTEMPTS,
  { ...FAILED, leaveOut: 5 },
]

const textOf = ({ key }: NameSums) => String(key.at(-1) ?? '')

/** Lists names that were looked up, the results of the lookups, and the attempts that followed. */
export const dns = groupQuery<NameSums, NameRow>({
  name: 'dns',
  description:
    'per DNS name: lookups, their failures and latency, addresses, attempts that used it; of the filters, only --cgroup also applies to lookups',
  example: 'tcpconn analyze dns tcpconn.db --never-connected',
  options: [{ flags: '--never-connected', description: 'only names without attempts' }],
  dimensions: { name: withFlags(DIMENSIONS.dns, { dns_name: { heading: 'NAME', minWidth: 24 } }) },
  by: 'host: separate hosts',
  columns: () => COLUMNS,
  find(scope, dimension, { neverConnected }) {
    if (lacksLookups(scope)) throw noLookups()
    const names = sumUpNames(scope, dimension)
    const unused = names.filter(({ attempts }) => attempts === 0)
    const items = neverConnected ? unused : names
    return {
      items,
      // Sorts by lookups, then by name.
      compare: (a, b) => b.lookups - a.lookups || compareKeys([textOf(a)], [textOf(b)]),
      // Rows with the same name and different hosts keep the order of the files.
      keyOf: () => [],
      prepare: createNameRow,
      warnings: [...dnsLossLines(scope.parts), ...describeUnrecorded(scope.parts), ...describeFiltered(scope.parts)],
      notes: [
        ...describe(scope, neverConnected ? 0 : unused.length),
        ...describeTruncated(items),
        ...describeUnseenLookups(scope),
      ],
      whenEmpty: neverConnected && names.length > 0 ? 'there were attempts by every name' : 'no lookup matches',
    }
  },
})

function noLookups(): TcpconnError {
  return new TcpconnError('E_ARCHIVE_NO_LOOKUPS', {
    what: 'dns cannot be answered from a data set of Parquet files',
    reason: LOOKUPS_MISSING,
    hint: 'ask the traces or a server; latency --by dns and top-endpoints --by dns have the names of attempts',
  })
}

function createNameRow(): (name: NameSums) => NameRow {
  const reader = createLatencyReader()
  return (name) => {
    const latencies = { buckets: [], values: name.latencies, maxNs: name.latencies.max }
    return { ...name, percentile: (percent) => reader.percentile(latencies, percent) }
  }
}

function describe({ filters }: Scope, unused: number): string[] {
  const { cgroups: _, ...others } = filters
  return [
    ...(unused > 0 ? [`no attempts by ${formatPlural(unused, 'name')}; --never-connected shows these alone`] : []),
    'a lookup is one question; failed: an error, or no answer; latency is from query to answer, exact',
    ...(hasFilters({ ...others, cgroups: [] }) ? ['filters but --cgroup choose attempts, not lookups'] : []),
  ]
}

/** A truncated answer is not a failure, and its addresses are incomplete: only this column shows it. */
function describeTruncated(names: readonly NameSums[]): string[] {
  const count = names.reduce((sum, { truncatedLookups }) => sum + truncatedLookups, 0)
  if (count === 0) return []
  return [
    `${formatPlural(count, 'lookup')} had a truncated answer (TC): lookups that are then repeated over TCP are not seen`,
  ]
}
