import type { Value } from '../../result/result.js'
import type { Dimension } from '../../group/dimension.js'
import { BY_SESSION, DIMENSIONS } from '../../group/dimensions.js'
import { attemptsOf } from '../../group/group-values.js'
import { createKeyNumbers } from '../../group/intern-keys.js'
import type { Latencies } from '../../group/latencies.js'
import { canUseSums, sumUp, type Group } from '../../group/sum-up.js'
import { AT } from '../../scan/attempt-columns.js'
import { recordedRanges } from '../../scan/recorded-ranges.js'
import { createRowReader } from '../../scan/row-reader.js'
import type { Scope } from '../../scan/scope.js'

/** Attempts of one process under one user. */
export interface ActorAttempts {
  /** host, user, uid, then the key of `DIMENSIONS.process`: pid, process_start_ns, comm, exe, user */
  readonly key: readonly Value[]
  readonly attempts: number
}

/** The sums that a summary is computed from. */
export interface SummarySums {
  /** Keys are those of `DIMENSIONS.endpoint`. */
  readonly endpoints: readonly Group[]
  readonly actors: readonly ActorAttempts[]
  /** Number of all latencies */
  readonly latencies: readonly Latencies[]
}

const BY_ACTOR: Dimension = {
  source: 'process',
  columns: [],
  keys(part) {
    const user = createRowReader(part.trace.lookup, 'process', ['user', 'uid'])
    const process = DIMENSIONS.process.keys(part)
    return (id) => [part.host, ...user(id), ...process(id)]
  },
}

/** Sums up a scope by endpoint and by actor, in one pass if every attempt has to be read. */
export function sumForSummary(scope: Scope): SummarySums {
  const isStored = scope.parts.every(
    (part) => canUseSums(scope, part, DIMENSIONS.endpoint) && canUseSums(scope, part, BY_ACTOR),
  )
  if (!isStored) return sumAttempts(scope)
  const byActor = sumUp(scope, BY_ACTOR)
  const endpoints = sumUp(scope, DIMENSIONS.endpoint)
  const actors = byActor.map((group) => ({ key: group.key, attempts: attemptsOf(group) }))
  return { endpoints, actors, latencies: latenciesOfAll(scope, byActor, endpoints) }
}

/** Latencies of all attempts, from the fewest groups: by actor only if every attempt has a process. */
function latenciesOfAll(scope: Scope, byActor: readonly Group[], endpoints: readonly Group[]): Latencies[] {
  const count = (groups: readonly Group[]) => groups.reduce((sum, group) => sum + attemptsOf(group), 0)
  const isFewer = byActor.length < endpoints.length && count(byActor) === count(endpoints)
  const groups = isFewer ? byActor : endpoints
  // Sums by second are not read yet.
  const isMany = groups.length > Math.max(MANY_GROUPS, countSeconds(scope))
  return (isMany ? sumUp(scope, BY_SESSION) : groups).map((group) => group.latencies)
}

/** Number of groups from which it may be faster to read the sums by second. */
const MANY_GROUPS = 1000

/** Seconds that the parts of a scope cover. */
function countSeconds({ parts }: Scope): number {
  const ranges = parts.flatMap((part) => recordedRanges([part]))
  return ranges.reduce((sum, { fromNs, toNs }) => sum + Number(toNs - fromNs) / 1e9, 0)
}

function sumAttempts(scope: Scope): SummarySums {
  const numbers = createKeyNumbers(BY_ACTOR)
  const counts: number[] = []
  const endpoints = sumUp(scope, {
    ...DIMENSIONS.endpoint,
    source: 'attempt',
    attempt: {
      columns: ['endpoint_id', 'process_id'],
      id(part) {
        const numberOf = numbers.of(part)
        return (row) => {
          // This function runs once per attempt, so it counts the process too.
          const actor = numberOf(row[AT.process_id] as number)
          counts[actor] = (counts[actor] ?? 0) + 1
          return row[AT.endpoint_id] as number
        }
      },
    },
  })
  const actors = counts.map((attempts, number) => ({ key: numbers.keyOf(number), attempts }))
  return { endpoints, actors, latencies: endpoints.map((group) => group.latencies) }
}
