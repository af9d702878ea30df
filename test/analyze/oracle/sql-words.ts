const FAILED = 'count(*) FILTER (is_failed)'

export const FAILED_PERCENT = `100 * ${FAILED} / count(*) AS failed_percent`
export const COUNTS = `count(*) AS attempts, ${FAILED} AS failed, ${FAILED_PERCENT}`
export const MAX = 'max(latency_ns) FILTER (is_covered) AS max_ns'
export const ENDPOINTS = 'count(DISTINCT (remote_address, remote_port)) AS endpoints'
export const PROCESSES = 'count(DISTINCT (pid, process_start_ns)) AS processes'

/** The name of a process. */
export const PROCESS_NAMES = [
  'first(process_comm) AS comm',
  'first(process_exe) AS exe',
  'first(process_user) AS user',
].join(', ')

/** Nearest rank of the latencies for statistics: p50_ns, p999_ns … */
export function percentiles(...names: readonly `p${number}`[]): string {
  return names.map((name) => `${percentile(`0.${name.slice(1)}`)} AS ${name}_ns`).join(', ')
}

/** @param fraction a decimal literal, which DuckDB treats as exact */
export function percentile(fraction: string, condition = 'is_covered'): string {
  return `quantile_disc(latency_ns, ${fraction}) FILTER (${condition})`
}
