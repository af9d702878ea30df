import type { Oracle } from './oracle.js'

/** @param chosen a condition on rows */
function dns(args: readonly string[], chosen: string): Oracle {
  return {
    args: ['dns', ...args],
    key: ['dns_name'],
    order: { column: 'lookups' },
    sql: () => `
      WITH asked AS (SELECT dns_name, count(*) AS lookups, count(*) FILTER (rcode IS DISTINCT FROM 0) AS failed_lookups,
          count(*) FILTER (is_truncated = 1) AS truncated_lookups,
          quantile_disc(latency_ns, 0.5) AS lookup_p50_ns, quantile_disc(latency_ns, 0.99) AS lookup_p99_ns,
          max(latency_ns) AS lookup_max_ns
        FROM lookups GROUP BY dns_name),
      made AS (SELECT dns_name, count(*) AS attempts, count(*) FILTER (is_failed) AS failed
        FROM c WHERE dns_name IS NOT NULL GROUP BY dns_name),
      had AS (SELECT dns_name, count(DISTINCT address) AS addresses FROM addresses GROUP BY dns_name)
      SELECT dns_name, coalesce(lookups, 0) AS lookups, coalesce(failed_lookups, 0) AS failed_lookups,
        coalesce(truncated_lookups, 0) AS truncated_lookups,
        lookup_p50_ns, lookup_p99_ns, lookup_max_ns, coalesce(addresses, 0) AS addresses,
        coalesce(attempts, 0) AS attempts, coalesce(failed, 0) AS failed
      FROM asked FULL JOIN made USING (dns_name) LEFT JOIN had USING (dns_name) WHERE ${chosen}`,
  }
}

export const DNS = dns([], 'true')
export const DNS_NEVER_CONNECTED = dns(['--never-connected'], 'attempts IS NULL')
