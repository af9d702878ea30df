import { createEntities, type Entities } from './entities.js'
import type { TopEndpoint, TopParties, TopProcess } from './top-attempt.js'

/** The processes, endpoints and DNS names of a window. */
export interface WindowEntities {
  readonly process: Entities<TopProcess>
  readonly endpoint: Entities<TopEndpoint>
  readonly name: Entities<string>
}

export type EntityKind = keyof WindowEntities

/** Ids of what an attempt belongs to. */
export type PartyIds = Readonly<Record<EntityKind, number>>

/** The name of attempts without one. DNS names as texts have no such character. */
export const NO_NAME = '\0'

/** All kinds of entities. */
export const ENTITY_KINDS: readonly EntityKind[] = ['process', 'endpoint', 'name']

export function createWindowEntities(limit?: number): WindowEntities {
  return { process: createEntities(limit), endpoint: createEntities(limit), name: createEntities(limit) }
}

export function partyIdsOf(entities: WindowEntities, { process, endpoint, dnsName }: TopParties): PartyIds {
  return {
    process: entities.process.idOf(process),
    endpoint: entities.endpoint.idOf(endpoint),
    name: entities.name.idOf(dnsName ?? NO_NAME),
  }
}

/** Whether there is a kind without a free id. */
export function areFull(entities: WindowEntities): boolean {
  return entities.process.isFull || entities.endpoint.isFull || entities.name.isFull
}

/** Frees the ids of full kinds that `mark` does not mark. @param mark sets the used ids of a kind to 1 */
export function dropUnused(entities: WindowEntities, mark: (kind: EntityKind, isUsed: Uint8Array) => void): void {
  for (const kind of ENTITY_KINDS) {
    if (!entities[kind].isFull) continue
    const isUsed = new Uint8Array(entities[kind].length)
    mark(kind, isUsed)
    entities[kind].drop(isUsed)
  }
}
