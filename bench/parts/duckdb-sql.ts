/** Parts of SQL for DuckDB over exported attempts, equivalent to the built-in queries. */
export const ESTABLISHED = "FILTER (WHERE outcome = 'established')"
export const FAILED = "count(*) FILTER (WHERE outcome NOT IN ('established', 'pending'))"

/**
 * Exact percentiles of latencies, nearest rank.
 * @param fractions 0 to 1
 */
export function percentiles(fractions: readonly number[], covers = ESTABLISHED): string {
  return fractions.map((fraction) => `quantile_disc(latency_ns, ${fraction}) ${covers}`).join(', ')
}
