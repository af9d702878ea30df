/**
 * Starts to measure how long a workload takes, in ns: what is recorded of it cannot have taken longer. No limit for the workload
 * itself, which may take as long as it likes.
 */
export function startStopwatch(): () => number {
  const startedMs = performance.now()
  return () => (performance.now() - startedMs) * 1e6
}
