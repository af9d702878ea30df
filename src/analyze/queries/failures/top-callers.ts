import { cached, createNumbering } from '../../group/intern-keys.js'
import { createPairNumbers } from '../../group/intern-pairs.js'
import type { Value } from '../../result/result.js'
import { createRowReader } from '../../scan/row-reader.js'
import type { SessionPart } from '../../scan/scope.js'

/** The processes that made some attempts. */
export interface Actors {
  /** The most frequent thread name; `null`: unknown */
  readonly comm: string | null
  /** The most frequent user: its name, or its number if it has no name; `null`: unknown */
  readonly user: string | null
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
type Actor = readonly [Value, Value, Value, string | null, string | null]

export function createActors(): ActorNotes {
  const actors: Actor[] = []
  const numberOf = createNumbering((key) => actors.push(key as Actor))
  const pairs = createPairNumbers()
  const counts: number[] = []
  return {
    of({ trace, host }) {
      const read = createRowReader(trace.lookup, 'process', ['pid', 'process_start_ns', 'comm', 'user', 'uid'])
      const actorOf = cached((id) => {
        const [pid, start, comm, user, uid] = read(id) as Value[]
        return numberOf([host, pid ?? null, start ?? null, textOf(comm), textOf(user ?? uid)])
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

function textOf(value: Value | undefined): string | null {
  return value === null || value === undefined ? null : String(value)
}

/** Of equally frequent values, takes the first in alphabetical order; an unknown one comes last. */
function mostFrequent(counted: readonly (readonly [name: string | null, count: number])[]): string | null {
  const counts = new Map<string | null, number>()
  for (const [name, count] of counted) counts.set(name, (counts.get(name) ?? 0) + count)
  const [first] = [...counts].toSorted(
    (a, b) => b[1] - a[1] || (b[0] === null || (a[0] !== null && a[0] < b[0]) ? -1 : 1),
  )
  return first?.[0] ?? null
}
