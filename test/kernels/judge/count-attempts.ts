import { queryTrace } from '../../support/trace.js'

/** Bit of connect_attempt.flags: the end of the attempt was missed and reconstructed, and its latency is unknown. */
const INEXACT = 64

/** Attempts of a workload. */
export interface AttemptCount {
  /** Attempts with an exact end, by outcome. */
  readonly exact: Readonly<Record<string, number>>
  /** Attempts with a reconstructed end. */
  readonly inexact: number
  /** Attempts with a latency that should have none, or without one that should have one. */
  readonly wrongLatency: number
}

interface Group {
  readonly outcome: string
  readonly is_inexact: number
  readonly has_latency: number
  readonly attempts: number
}

const GROUPS = `
  SELECT outcome.name AS outcome, (flags & ${INEXACT}) != 0 AS is_inexact, latency_ns IS NOT NULL AS has_latency, count(*) AS attempts
  FROM connect_attempt JOIN process USING (process_id) JOIN outcome USING (outcome)
  WHERE pid = ? GROUP BY 1, 2, 3`

/** Counts the attempts of a process in a trace. */
export function countAttempts(file: string, pid: number): AttemptCount {
  const groups = queryTrace<Group>(file, GROUPS, pid)
  const exact: Record<string, number> = {}
  for (const { outcome, attempts } of groups.filter(({ is_inexact }) => !is_inexact))
    exact[outcome] = (exact[outcome] ?? 0) + attempts
  return {
    exact,
    inexact: sum(groups.filter(({ is_inexact }) => is_inexact)),
    wrongLatency: sum(groups.filter((group) => group.has_latency !== Number(mustHaveLatency(group)))),
  }
}

function mustHaveLatency({ outcome, is_inexact }: Group): boolean {
  return !is_inexact && outcome !== 'pending'
}

function sum(groups: readonly Group[]): number {
  return groups.reduce((total, { attempts }) => total + attempts, 0)
}
