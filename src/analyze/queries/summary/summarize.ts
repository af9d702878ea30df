import { sumLoss } from '../../../attempt/loss-causes.js'
import { OUTCOMES, type Outcome } from '../../../attempt/outcome.js'
import { attemptsOf, compareAttempts, failedOf, synRetransmitsOf } from '../../group/group-values.js'
import { createLatencyReader, mergeLatencies } from '../../group/latencies.js'
import type { Group } from '../../group/sum-up.js'
import { compareKeys } from '../../query/rank-rows.js'
import { recordedRanges } from '../../scan/recorded-ranges.js'
import type { Scope } from '../../scan/scope.js'
import { readBatchFacts } from '../../scan/batch-facts.js'
import { hasInexact, readVerdict } from '../../scan/session-facts.js'
import { findSlowestEndpoint, type SlowestEndpoint } from './find-slowest-endpoint.js'
import { rankActors, type RankedActors } from './rank-actors.js'
import { summarizeDns, type SummaryDns } from './summarize-dns.js'
import { sumForSummary } from './summary-sums.js'

/** The summary of a scope. Loss and completeness are those of whole sessions. */
export interface Summary extends RankedActors {
  /** Names of the hosts */
  readonly hosts: string
  readonly sessions: number
  /** The recorded time within the scope: Unix ns, `null` without any, and its length in ns */
  readonly startedNs: bigint | null
  readonly endedNs: bigint | null
  readonly recordedNs: number
  readonly attempts: number
  /** Attempts per second; `null` if nothing was recorded */
  readonly rate: number | null
  readonly outcomes: Readonly<Record<Outcome, number>>
  readonly failed: number
  readonly synRetransmits: number
  /** In ns, nearest rank; `null` without a latency */
  percentile(percent: number): number | null
  readonly maxNs: number | null
  readonly lost: number
  readonly completeness: string
  readonly endpoints: number
  readonly busiestEndpoint: { readonly key: Group['key']; readonly attempts: number } | null
  readonly slowestEndpoint: SlowestEndpoint | null
  readonly dns: SummaryDns
}

export function summarize(scope: Scope): Summary {
  const { endpoints, actors, latencies } = sumForSummary(scope)
  const sumOf = (value: (group: Group) => number) => endpoints.reduce((sum, group) => sum + value(group), 0)
  const counted = OUTCOMES.map((outcome, code) => [outcome, sumOf(({ counts }) => counts[code] as number)])
  const ranges = recordedRanges(scope.parts)
  const recordedNs = ranges.reduce((sum, range) => sum + Number(range.toNs - range.fromNs), 0)
  const attempts = sumOf(attemptsOf)
  const [reader, all] = [createLatencyReader(), mergeLatencies(latencies)]
  const lost = sumLostAttempts(scope)
  const [busiest] = endpoints.toSorted((a, b) => compareAttempts(a, b) || compareKeys(a.key, b.key))
  return {
    hosts: [...new Set(scope.parts.map((part) => part.host))].join(', '),
    sessions: scope.parts.length,
    startedNs: ranges[0]?.fromNs ?? null,
    endedNs: ranges.at(-1)?.toNs ?? null,
    recordedNs,
    attempts,
    rate: recordedNs > 0 ? (attempts * 1e9) / recordedNs : null,
    outcomes: Object.fromEntries(counted) as Summary['outcomes'],
    failed: sumOf(failedOf),
    synRetransmits: sumOf(synRetransmitsOf),
    percentile: (percent) => reader.percentile(all, percent),
    maxNs: all.maxNs,
    lost,
    completeness: lost > 0 ? 'incomplete' : readVerdict(scope.parts),
    endpoints: endpoints.length,
    ...rankActors(actors),
    busiestEndpoint: busiest ? { key: busiest.key, attempts: attemptsOf(busiest) } : null,
    slowestEndpoint: findSlowestEndpoint(endpoints, createLatencyCount(scope)),
    dns: summarizeDns(scope),
  }
}

/** Attempts that the latency statistics cover. Pending and inexact attempts have no latency. */
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
