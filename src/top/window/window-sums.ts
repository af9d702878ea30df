import { BUCKET_COUNT } from '../../sums/latency-histogram.js'
import { type RingColumns, NO_BUCKET } from './attempt-ring.js'
import { MAX_ENTITIES } from './entities.js'
import { isFailed } from './is-failed.js'
import { type EntityKind, ENTITY_KINDS } from './window-entities.js'

/** Counts by id of an entity. */
export interface EntityCounts {
  readonly attempts: Uint32Array
  readonly failed: Uint32Array
  readonly synRetransmits: Uint32Array
}

/**
 * Sums over the complete seconds of a window. A second is added when it ends and subtracted when it leaves: a frame visits the
 * entities, not the attempts.
 */
export interface WindowSums {
  readonly counts: Readonly<Record<EntityKind, EntityCounts>>
  /** Established attempts by histogram bucket */
  readonly buckets: Float64Array
}

export function createWindowSums(): WindowSums {
  return {
    counts: { process: createCounts(), endpoint: createCounts(), name: createCounts() },
    buckets: new Float64Array(BUCKET_COUNT),
  }
}

export function copySums({ counts: { process, endpoint, name }, buckets }: WindowSums): WindowSums {
  return {
    counts: { process: copyCounts(process), endpoint: copyCounts(endpoint), name: copyCounts(name) },
    buckets: buckets.slice(),
  }
}

/** Adds the attempts at the positions from `first` up to `end`, or with `sign` -1 subtracts them. */
export function addAttempts(
  sums: WindowSums,
  columns: RingColumns,
  [first, end]: readonly [number, number],
  sign: 1 | -1,
): void {
  for (const kind of ENTITY_KINDS) {
    const { attempts, failed, synRetransmits } = sums.counts[kind]
    const ids = columns[kind]
    for (let position = first; position < end; position++) {
      const at = position & columns.mask
      const id = ids[at] as number
      attempts[id]! += sign
      if (isFailed(columns.outcome[at] as number)) failed[id]! += sign
      synRetransmits[id]! += sign * (columns.synRetransmits[at] as number)
    }
  }
  for (let position = first; position < end; position++) {
    const bucket = columns.bucket[position & columns.mask] as number
    if (bucket !== NO_BUCKET) sums.buckets[bucket]! += sign
  }
}

function createCounts(): EntityCounts {
  const create = () => new Uint32Array(MAX_ENTITIES + 1)
  return { attempts: create(), failed: create(), synRetransmits: create() }
}

function copyCounts({ attempts, failed, synRetransmits }: EntityCounts): EntityCounts {
  return { attempts: attempts.slice(), failed: failed.slice(), synRetransmits: synRetransmits.slice() }
}
