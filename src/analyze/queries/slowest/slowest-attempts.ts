import { AT } from '../../scan/attempt-columns.js'
import { scanScope } from '../../scan/scan-rows.js'
import type { Scope, SessionPart } from '../../scan/scope.js'

/** Where an attempt is, and how long it took. */
export interface FoundAttempt {
  readonly part: SessionPart
  readonly attemptId: number
  readonly latencyNs: number
}

/** The slowest attempts, and how many there were to choose from. */
export interface SlowestAttempts {
  /** From the slowest on; of several that took as long, as they come in the scope. */
  readonly attempts: readonly FoundAttempt[]
  readonly covered: number
}

/**
 * The slowest attempts of a scope, in one pass that keeps hardly more of them than are asked for.
 * @param count how many, at most
 */
export function findSlowest(scope: Scope, count: number): SlowestAttempts {
  const outcomes = scope.filters.outcomes.length === 0 ? (['established'] as const) : scope.filters.outcomes
  const only = { ...scope, filters: { ...scope.filters, outcomes } }
  let kept: FoundAttempt[] = []
  let covered = 0
  let threshold = -1
  // Twice as many as needed are kept before they are sorted: each sorting is paid for by as many attempts.
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
