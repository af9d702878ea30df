import { AT } from '../../scan/attempt-columns.js'
import { scanScope } from '../../scan/scan-rows.js'
import type { Scope, SessionPart } from '../../scan/scope.js'

/** The position of an attempt, and its latency. */
export interface FoundAttempt {
  readonly part: SessionPart
  readonly attemptId: number
  readonly latencyNs: number
}

/** The slowest attempts, and the number of attempts that they were selected from. */
export interface SlowestAttempts {
  /** Sorted by latency, descending; equal latencies keep the order of the scope. */
  readonly attempts: readonly FoundAttempt[]
  readonly covered: number
}

/**
 * Finds the slowest attempts of a scope in one pass, with little more memory than the result needs.
 * @param count maximum number of attempts
 */
export function findSlowest(scope: Scope, count: number): SlowestAttempts {
  const outcomes = scope.filters.outcomes.length === 0 ? (['established'] as const) : scope.filters.outcomes
  const only = { ...scope, filters: { ...scope.filters, outcomes } }
  let kept: FoundAttempt[] = []
  let covered = 0
  let threshold = -1
  // Collects twice as many as needed before it sorts: the cost of a sort is spread over as many attempts.
  const shrink = () => {
    kept = kept.toSorted((a, b) => b.latencyNs - a.latencyNs).slice(0, count)
    if (kept.length === count) threshold = (kept.at(-1) as FoundAttempt).latencyNs
  }
  scanScope(only, ['attempt_id', 'latency_ns'], (part) => ({
    take(row) {
      const latencyNs = row[AT.latency_ns] as number
      if (!(latencyNs >= 0)) return
      covered++
      if (latencyNs <= threshold) return
      kept.push({ part, attemptId: row[AT.attempt_id] as number, latencyNs })
      if (kept.length >= 2 * count + 1000) shrink()
    },
  }))
  shrink()
  return { attempts: kept, covered }
}
