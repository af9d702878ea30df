import type { Database } from 'better-sqlite3'
import { RELATIVE_ERROR } from '../../store/latency-histogram.js'
import { OUTCOMES, countFailed } from '../../store/outcome.js'
import type { Column, Value } from '../result/result.js'
import { createPercentileReader, sumEndpoints, type EndpointSums } from '../trace/endpoint-sums.js'
import type { StoredQuery } from './stored-query.js'

const COLUMNS: readonly Column[] = [
  { name: 'remote_address', heading: 'ADDRESS', kind: 'text' },
  { name: 'remote_port', heading: 'PORT', kind: 'text' },
  { name: 'attempts', heading: 'ATTEMPTS', kind: 'count' },
  { name: 'failed', heading: 'FAILED', kind: 'count' },
  { name: 'failed_percent', heading: 'FAILED%', kind: 'percent' },
  { name: 'p50_ns', heading: 'P50', kind: 'duration' },
  { name: 'p90_ns', heading: 'P90', kind: 'duration' },
  { name: 'p99_ns', heading: 'P99', kind: 'duration' },
  { name: 'max_ns', heading: 'MAX', kind: 'duration' },
  { name: 'syn_retransmits', heading: 'SYN RETR', kind: 'count' },
]

/** The endpoints with the most attempts. */
export const topEndpoints: StoredQuery = {
  name: 'top-endpoints',
  description: 'per remote address and port: attempts, failures, latency p50, p90, p99 and max, SYN retransmits',
  example: 'tcpconn analyze top-endpoints tcpconn.db --limit 10',
  run(db, { sessionIds, limit }) {
    const all = sumEndpoints(db, sessionIds)
    const ranked = all.toSorted((a, b) => attemptsOf(b) - attemptsOf(a) || a.endpointId - b.endpointId)
    const shown = ranked.slice(0, limit)
    const percentiles = createPercentileReader()
    const addressOf = createAddressReader(db)
    const rows = shown.map((sums) => toRow(sums, addressOf(sums.endpointId), percentiles(sums, [50, 90, 99])))
    return { columns: COLUMNS, rows, notes: notesFor(all.length - shown.length) }
  },
}

function attemptsOf(sums: EndpointSums): number {
  return OUTCOMES.reduce((sum, outcome) => sum + sums.counts[outcome], 0)
}

function toRow(sums: EndpointSums, address: readonly [string, number], percentiles: (number | null)[]): Value[] {
  const attempts = attemptsOf(sums)
  const failed = countFailed(sums.counts)
  const share = (failed / attempts) * 100
  return [...address, attempts, failed, share, ...percentiles, sums.maxLatencyNs, sums.synRetransmits]
}

function createAddressReader(db: Database): (endpointId: number) => [string, number] {
  const statement = db.prepare('SELECT remote_address, remote_port FROM endpoint WHERE endpoint_id = ?').raw()
  return (endpointId) => statement.get(endpointId) as [string, number]
}

function notesFor(hidden: number): string[] {
  const accuracy = `latency covers established attempts; percentiles are within ${(RELATIVE_ERROR * 100).toFixed(1)}%`
  return [...(hidden > 0 ? [`… and ${hidden} more endpoints (--limit N shows more)`] : []), accuracy]
}
