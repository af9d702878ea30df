import type { Value } from '../result/result.js'
import { createNumbering } from '../sums/numbering.js'
import type { ActorAttempts } from './summary-sums.js'

/** Users and processes, and those with the most attempts. */
export interface RankedActors {
  readonly users: number
  readonly processes: number
  /** user (`null` without a name), uid, attempts */
  readonly busiestUser: readonly Value[] | null
  /** pid, process_start_ns, comm, attempts */
  readonly busiestProcess: readonly Value[] | null
}

export function rankActors(actors: readonly ActorAttempts[]): RankedActors {
  const users = addUp(actors, ([, user, uid]) => [user as Value, uid as Value])
  // A pid is one of its host.
  const processes = addUp(actors, ([host, , , pid, start]) => [host as Value, pid as Value, start as Value])
  const [user, process] = [busiest(users), busiest(processes)]
  return {
    users: users.length,
    processes: processes.length,
    busiestUser: user && [...user.key.slice(1, 3), user.attempts],
    busiestProcess: process && [...process.key.slice(3, 6), process.attempts],
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

function busiest(actors: readonly ActorAttempts[]): ActorAttempts | null {
  return actors.reduce<ActorAttempts | null>((best, one) => (best && best.attempts >= one.attempts ? best : one), null)
}
