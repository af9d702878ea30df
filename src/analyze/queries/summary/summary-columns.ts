import { OUTCOMES } from '../../../attempt/outcome.js'
import { percentOf } from '../../group/group-values.js'
import type { ValueColumn } from '../../result/result.js'
import type { Summary } from './summarize.js'

type SummaryColumn = ValueColumn<Summary>

const column = (name: string, kind: SummaryColumn['kind'], value: SummaryColumn['value']): SummaryColumn => {
  return { name, heading: name, kind, value }
}

/** A part of a key that may be missing. */
const keyed = (name: string, of: `${'busiest' | 'slowest'}${string}` & keyof Summary, at: number) =>
  column(name, 'text', (summary) => summary[of]?.key[at] ?? null)

/** The columns of the summary as one row, for programs. */
export const SUMMARY_COLUMNS: readonly SummaryColumn[] = [
  column('hosts', 'text', ({ hosts }) => hosts),
  column('sessions', 'count', ({ sessions }) => sessions),
  column('started_ns', 'time', ({ startedNs }) => startedNs),
  column('ended_ns', 'time', ({ endedNs }) => endedNs),
  column('recorded_ns', 'duration', ({ recordedNs }) => recordedNs),
  column('attempts', 'count', ({ attempts }) => attempts),
  column('rate_per_second', 'rate', ({ rate }) => rate),
  ...OUTCOMES.map((outcome) => column(outcome, 'count', ({ outcomes }) => outcomes[outcome])),
  column('failed', 'count', ({ failed }) => failed),
  column('failed_percent', 'percent', ({ failed, attempts }) => percentOf(failed, attempts)),
  column('syn_retransmits', 'count', ({ synRetransmits }) => synRetransmits),
  column('p50_ns', 'duration', (summary) => summary.percentile(50)),
  column('p90_ns', 'duration', (summary) => summary.percentile(90)),
  column('p99_ns', 'duration', (summary) => summary.percentile(99)),
  column('max_ns', 'duration', ({ maxNs }) => maxNs),
  column('lost', 'count', ({ lost }) => lost),
  column('completeness', 'text', ({ completeness }) => completeness),
  column('endpoints', 'count', ({ endpoints }) => endpoints),
  column('users', 'count', ({ users }) => users),
  column('processes', 'count', ({ processes }) => processes),
  keyed('busiest_endpoint_address', 'busiestEndpoint', 0),
  keyed('busiest_endpoint_port', 'busiestEndpoint', 1),
  column('busiest_endpoint_attempts', 'count', (summary) => summary.busiestEndpoint?.attempts ?? null),
  keyed('busiest_user', 'busiestUser', 1),
  keyed('busiest_uid', 'busiestUser', 2),
  column('busiest_user_attempts', 'count', (summary) => summary.busiestUser?.attempts ?? null),
  keyed('busiest_process_pid', 'busiestProcess', 3),
  keyed('busiest_process_start_ns', 'busiestProcess', 4),
  keyed('busiest_process_comm', 'busiestProcess', 5),
  column('busiest_process_attempts', 'count', (summary) => summary.busiestProcess?.attempts ?? null),
  keyed('slowest_endpoint_address', 'slowestEndpoint', 0),
  keyed('slowest_endpoint_port', 'slowestEndpoint', 1),
  column('slowest_endpoint_p99_ns', 'duration', (summary) => summary.slowestEndpoint?.p99Ns ?? null),
  column('slowest_endpoint_latencies', 'count', (summary) => summary.slowestEndpoint?.count ?? null),
  column('slowest_of_endpoints', 'count', (summary) => summary.slowestEndpoint?.endpoints ?? null),
  column('slowest_min_latencies', 'count', (summary) => summary.slowestEndpoint?.minCount ?? null),
  column('dns_source', 'text', ({ dns }) => dns.source),
  column('dns_lookups', 'count', ({ dns }) => dns.lookups),
  column('dns_names', 'count', ({ dns }) => dns.names),
  column('named_attempts', 'count', ({ dns }) => dns.named),
  column('named_percent', 'percent', ({ dns, attempts }) => percentOf(dns.named, attempts)),
  column('dns_lost', 'count', ({ dns }) => dns.lost),
  column('dns_malformed', 'count', ({ dns }) => dns.malformed),
  column('dns_evicted', 'count', ({ dns }) => dns.evicted),
  column('local_error_sessions', 'count', ({ dns }) => dns.localErrorSessions),
]
