import { cached, createNumbering } from '../../group/intern-keys.js'
import { createPairNumbers } from '../../group/intern-pairs.js'
import type { Value } from '../../result/result.js'
import { createRowReader } from '../../scan/row-reader.js'
import type { SessionPart } from '../../scan/scope.js'

/** The processes that made some attempts. */
export interface Actors {
  /** The most frequent thread name, and the most frequent user: its name, or its number if it has no name. */
  readonly comm: string
  readonly user: string
  /** Distinct processes */
  readonly processes: number
}

/** Counts the callers of groups of attempts, by the number of the group. */
export interface ActorNotes {
  /** @returns a function that counts an attempt by its process_id in that part */
  of(part: SessionPart): (group: number, processId: number) => void
  take(): (group: number) => Actors
}

/** host, pid, process_start_ns, comm, user */
type Actor = readonly [Value, Value, Value, string, string]

export function createActors(): ActorNotes {
  const actors: Actor[] = []
  const numberOf = createNumbering((key) => actors.push(key as Actor))
  const pairs = createPairNumbers()
  const counts: number[] = []
  return {
    of({ trace, host }) {
      const read = createRowReader(trace.lookup, 'process', ['pid', 'process_start_ns', 'comm', 'user', 'uid'])
      const actorOf = cached((id) => {
        const [pid, start, comm, user, uid] = read(id)
        return numberOf([host, pid as Value, start as Value, String(comm), String(user ?? uid)])
      })
      return (group, processId) => {
        const pair = pairs.numberOf(group, actorOf(processId))
        counts[pair] = (counts[pair] ?? 0) + 1
      }
    },
    take() {
      const byGroup = new Map<number, number[]>()
      counts.forEach((_, pair) => {
        const [group] = pairs.pairOf(pair)
        const list = byGroup.get(group)
        if (list) list.push(pair)
        else byGroup.set(group, [pair])
      })
      const noted = (pair: number) => {
        return { actor: actors[pairs.pairOf(pair)[1]] as Actor, attempts: counts[pair] as number }
      }
      return (group) => describeActors((byGroup.get(group) ?? []).map(noted))
    },
  }
}

function describeActors(noted: readonly { actor: Actor; attempts: number }[]): Actors {
  const identities = new Set(noted.map(({ actor }) => actor.slice(0, 3).join(' ')))
  return {
    comm: mostFrequent(noted.map(({ actor, attempts }) => [actor[3], attempts])),
    user: mostFrequent(noted.map(({ actor, attempts }) => [actor[4], attempts])),
    processes: identities.size,
  }
}

/** Of equally frequent values, takes the first in alphabetical order. */
function mostFrequent(counted: readonly (readonly [name: string, count: number])[]): string {
  const counts = new Map<string, number>()
  for (const [name, count] of counted) counts.set(name, (counts.get(name) ?? 0) + count)
  const [first] = [...counts].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  return first?.[0] ?? ''
}
