import { expect } from 'vitest'
import { queryTrace } from './trace.js'

/** A row of dns_lookup, with the values that its ids refer to. */
export interface LookupRow {
  started_ns: number
  latency_ns: number | null
  name: string
  query_type: number | null
  rcode: number | null
  address_count: number
  is_truncated: number | null
  cgroup: string | null
  container: string | null
  netns: number | null
}

const LOOKUPS = `
  SELECT started_ns, latency_ns, dns_name AS name, query_type, rcode, address_count, is_truncated, path AS cgroup, container, netns
  FROM dns_lookup JOIN dns_name USING (dns_name_id) JOIN cgroup USING (cgroup_id)`

/** The lookups of one network namespace, sorted by start. */
export function lookupsOf(file: string, netns: number): LookupRow[] {
  return queryTrace(file, `${LOOKUPS} WHERE netns = ? ORDER BY started_ns`, netns)
}

/** The recorded addresses of a name, sorted as text. */
export function addressesOf(file: string, name: string): string[] {
  const sql = 'SELECT address FROM dns_address JOIN dns_name USING (dns_name_id) WHERE dns_name = ? ORDER BY address'
  return queryTrace<{ address: string }>(file, sql, name).map(({ address }) => address)
}

/**
 * Expects that a lookup took as long as its server waited, and no longer than the workload that made it.
 * @param elapsedNs duration of the workload
 */
export function expectDelay({ name, latency_ns }: LookupRow, delayMs: number, elapsedNs: number): void {
  // A timer of the server may fire 1 ms early.
  expect(latency_ns, name).toBeGreaterThan((delayMs - 2) * 1e6)
  expect(latency_ns, name).toBeLessThan(elapsedNs)
}
