/**
 * Starts to measure how long a workload takes, in ns: recorded durations cannot exceed it. There is no limit for the
 * workload itself.
 */
export function startStopwatch(): () => number {
  const startedMs = performance.now()
  return () => (performance.now() - startedMs) * 1e6
}
