import type { Database } from 'better-sqlite3'
import { exactPercentile } from '../store/random.js'

/** What top-endpoints has to say of an endpoint, with exact percentiles. */
export interface NaiveEndpoint {
  readonly remote_address: string
  readonly remote_port: number
  readonly attempts: number
  readonly failed: number
  readonly syn_retransmits: number
  readonly p50_ns: number | null
  readonly p90_ns: number | null
  readonly p99_ns: number | null
  readonly max_ns: number | null
}

interface Row {
  remote_address: string
  remote_port: number
  outcome: string
  latency_ns: number | null
  syn_retransmits: number
}

/** Computed from the view `connects`, row by row; by address and port. */
export function naiveEndpoints(db: Database, sessionIds: readonly number[]): Map<string, NaiveEndpoint> {
  const rows = db
    .prepare(`SELECT * FROM connects WHERE session_id IN (${sessionIds.map(() => '?').join(', ')})`)
    .all(...sessionIds) as Row[]
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const key = `${row.remote_address} ${row.remote_port}`
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return new Map([...groups].map(([key, group]) => [key, sumUp(group)]))
}

function sumUp(rows: readonly Row[]): NaiveEndpoint {
  const [{ remote_address, remote_port }] = rows as [Row]
  const latencies = rows.flatMap((row) => (row.outcome === 'established' ? (row.latency_ns ?? []) : []))
  return {
    remote_address,
    remote_port,
    attempts: rows.length,
    failed: rows.filter((row) => row.outcome !== 'established' && row.outcome !== 'pending').length,
    syn_retransmits: rows.reduce((sum, row) => sum + row.syn_retransmits, 0),
    p50_ns: exactPercentile(latencies, 50),
    p90_ns: exactPercentile(latencies, 90),
    p99_ns: exactPercentile(latencies, 99),
    max_ns: exactPercentile(latencies, 100),
  }
}
