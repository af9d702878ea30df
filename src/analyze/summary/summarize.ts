import { sumLoss } from '../../store/loss-text.js'
import { OUTCOMES, type Outcome } from '../../store/outcome.js'
import type { Column, Row } from '../result/result.js'
import { attemptsOf, failedOf, percentOf, synRetransmitsOf } from '../sums/group-values.js'
import { createLatencyReader, type Latencies } from '../sums/latencies.js'
import { highestLatency, mergedPercentiles } from '../sums/merged-percentiles.js'
import type { Group } from '../sums/sum-up.js'
import { recordedRanges } from '../trace/recorded-ranges.js'
import type { Scope } from '../trace/scope.js'
import { hasInexact, readBatchFacts, readVerdict } from '../trace/session-facts.js'
import { findSlowestEndpoint, type SlowestEndpoint } from './find-slowest-endpoint.js'
import { rankActors } from './rank-actors.js'
import { SUMMARY_DNS_COLUMNS, summarizeDns } from './summarize-dns.js'
import { sumForSummary } from './summary-sums.js'

const column = (name: string, kind: Column['kind']): Column => ({ name, heading: name, kind })

/** A summary as one row. */
export const SUMMARY_COLUMNS: readonly Column[] = [
  column('hosts', 'text'),
  column('sessions', 'count'),
  column('started_ns', 'time'),
  column('ended_ns', 'time'),
  column('recorded_ns', 'duration'),
  column('attempts', 'count'),
  column('rate_per_second', 'rate'),
  ...OUTCOMES.map((outcome) => column(outcome, 'count')),
  column('failed', 'count'),
  column('failed_percent', 'percent'),
  column('syn_retransmits', 'count'),
  column('p50_ns', 'duration'),
  column('p90_ns', 'duration'),
  column('p99_ns', 'duration'),
  column('max_ns', 'duration'),
  column('lost', 'count'),
  column('completeness', 'text'),
  column('endpoints', 'count'),
  column('users', 'count'),
  column('processes', 'count'),
  column('busiest_endpoint_address', 'text'),
  column('busiest_endpoint_port', 'text'),
  column('busiest_endpoint_attempts', 'count'),
  column('busiest_user', 'text'),
  column('busiest_uid', 'text'),
  column('busiest_user_attempts', 'count'),
  column('busiest_process_pid', 'text'),
  column('busiest_process_start_ns', 'text'),
  column('busiest_process_comm', 'text'),
  column('busiest_process_attempts', 'count'),
  column('slowest_endpoint_address', 'text'),
  column('slowest_endpoint_port', 'text'),
  column('slowest_endpoint_p99_ns', 'duration'),
  column('slowest_endpoint_latencies', 'count'),
  column('slowest_of_endpoints', 'count'),
  column('slowest_min_latencies', 'count'),
  ...SUMMARY_DNS_COLUMNS,
]

/**
 * Sums up a scope in one row of `SUMMARY_COLUMNS`. Time is that of recording, as far as it lies in the scope; loss and
 * completeness are those of whole sessions.
 */
export function summarize(scope: Scope): Row {
  const { endpoints, actors, latencies } = sumForSummary(scope)
  const { users, processes, busiestUser, busiestProcess } = rankActors(actors)
  const lost = sumLostAttempts(scope)
  return [
    [...new Set(scope.parts.map((part) => part.host))].join(', '),
    scope.parts.length,
    ...describeTime(scope, sumOf(endpoints, attemptsOf)),
    ...describeAttempts(endpoints, latencies),
    lost,
    lost > 0 ? 'incomplete' : readVerdict(scope.parts),
    endpoints.length,
    users,
    processes,
    ...describeBusiest(endpoints),
    ...(busiestUser ?? [null, null, null]),
    ...(busiestProcess ?? [null, null, null, null]),
    ...describeSlowest(findSlowestEndpoint(endpoints, createLatencyCount(scope))),
    ...summarizeDns(scope, sumOf(endpoints, attemptsOf)),
  ]
}

function sumOf(groups: readonly Group[], value: (group: Group) => number): number {
  return groups.reduce((sum, group) => sum + value(group), 0)
}

function describeTime(scope: Scope, attempts: number): Row {
  const ranges = recordedRanges(scope.parts)
  const recordedNs = ranges.reduce((sum, range) => sum + Number(range.toNs - range.fromNs), 0)
  const rate = recordedNs > 0 ? (attempts * 1e9) / recordedNs : null
  return [ranges[0]?.fromNs ?? null, ranges.at(-1)?.toNs ?? null, recordedNs, attempts, rate]
}

function describeAttempts(endpoints: readonly Group[], latencies: readonly Latencies[]): Row {
  const outcomes = OUTCOMES.map((_, outcome) => sumOf(endpoints, ({ counts }) => counts[outcome] as number))
  const failed = sumOf(endpoints, failedOf)
  const percentiles = mergedPercentiles(createLatencyReader(), latencies, [50, 90, 99])
  const failedPercent = percentOf(failed, sumOf(endpoints, attemptsOf))
  return [
    ...outcomes,
    failed,
    failedPercent,
    sumOf(endpoints, synRetransmitsOf),
    ...percentiles,
    highestLatency(latencies),
  ]
}

function describeBusiest(endpoints: readonly Group[]): Row {
  const [busiest] = endpoints.toSorted((a, b) => attemptsOf(b) - attemptsOf(a))
  return busiest ? [...busiest.key, attemptsOf(busiest)] : [null, null, null]
}

function describeSlowest(slowest: SlowestEndpoint | null): Row {
  if (slowest === null) return [null, null, null, null, null, null]
  return [...slowest.key, slowest.p99Ns, slowest.count, slowest.endpoints, slowest.minCount]
}

/** Attempts that the latency statistics cover: pending ones have no latency yet, and that of inexact ones is not known. */
function createLatencyCount({ filters, parts }: Scope): (group: Group) => number {
  const asked: readonly Outcome[] = filters.outcomes.length === 0 ? ['established'] : filters.outcomes
  const codes = asked.filter((outcome) => outcome !== 'pending').map((outcome) => OUTCOMES.indexOf(outcome))
  const countAll = ({ counts }: Group) => codes.reduce((sum, code) => sum + (counts[code] as number), 0)
  if (!parts.some(hasInexact)) return countAll
  const reader = createLatencyReader()
  return (group) => reader.count(group.latencies)
}

function sumLostAttempts({ parts }: Scope): number {
  return parts.reduce((sum, part) => sum + sumLoss(readBatchFacts(part.trace.db, [part.sessionId])), 0)
}
