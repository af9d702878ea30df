import type { Value } from '../../result/result.js'
import { compareKeys } from '../../query/rank-rows.js'
import { createNumbering } from '../../group/intern-keys.js'
import type { ActorAttempts } from './summary-sums.js'

/** Users and processes, and those with the most attempts. */
export interface RankedActors {
  readonly users: number
  readonly processes: number
  readonly busiestUser: ActorAttempts | null
  readonly busiestProcess: ActorAttempts | null
}

export function rankActors(actors: readonly ActorAttempts[]): RankedActors {
  const users = addUp(actors, (key) => key.slice(1, 3))
  // A pid is one of its host.
  const processes = addUp(actors, (key) => [key[0] ?? null, ...key.slice(3, 5)])
  return {
    users: users.length,
    processes: processes.length,
    busiestUser: busiest(users),
    busiestProcess: busiest(processes),
  }
}

/** Attempts of actors that are the same by some of their key; the first of them speaks for all. */
function addUp(
  actors: readonly ActorAttempts[],
  identityOf: (key: ActorAttempts['key']) => readonly Value[],
): ActorAttempts[] {
  const numberOf = createNumbering()
  const sums: { key: ActorAttempts['key']; attempts: number }[] = []
  for (const { key, attempts } of actors) {
    const sum = (sums[numberOf(identityOf(key))] ??= { key, attempts: 0 })
    sum.attempts += attempts
  }
  return sums
}

/** Of several with as many attempts, the first by its key. */
function busiest(actors: readonly ActorAttempts[]): ActorAttempts | null {
  const isBefore = (a: ActorAttempts, b: ActorAttempts) =>
    a.attempts > b.attempts || (a.attempts === b.attempts && compareKeys(a.key, b.key) < 0)
  return actors.reduce<ActorAttempts | null>((best, one) => (best === null || isBefore(one, best) ? one : best), null)
}
