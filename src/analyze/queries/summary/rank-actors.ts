import type { Value } from '../../result/result.js'
import { compareKeys } from '../../query/rank-rows.js'
import { createNumbering } from '../../group/intern-keys.js'
import type { ActorAttempts } from './summary-sums.js'

/** The number of users and processes, and those with the most attempts. */
export interface RankedActors {
  readonly users: number
  readonly processes: number
  readonly busiestUser: ActorAttempts | null
  readonly busiestProcess: ActorAttempts | null
}

export function rankActors(actors: readonly ActorAttempts[]): RankedActors {
  const users = addUp(actors, (key) => key.slice(1, 3))
  // A pid is unique only on its host.
  const processes = addUp(actors, (key) => [key[0] ?? null, ...key.slice(3, 5)])
  return {
    users: users.length,
    processes: processes.length,
    busiestUser: busiest(users),
    busiestProcess: busiest(processes),
  }
}

/** Attempts of actors that share a part of their key; the values of the first actor are shown. */
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

/** Of actors with equal attempts, takes the first by key. */
function busiest(actors: readonly ActorAttempts[]): ActorAttempts | null {
  const isBefore = (a: ActorAttempts, b: ActorAttempts) =>
    a.attempts > b.attempts || (a.attempts === b.attempts && compareKeys(a.key, b.key) < 0)
  return actors.reduce<ActorAttempts | null>((best, one) => (best === null || isBefore(one, best) ? one : best), null)
}
