import type { Database } from 'better-sqlite3'
import { idsOfRows, type AttemptBatch } from './attempt-batch.js'
import type { Dictionaries } from './dictionaries.js'

/** Inserts the other addresses of a batch; its rows have ids from `firstId`, in the order of `groups`. */
type InsertAddresses = (batch: AttemptBatch, groups: readonly Uint32Array[], firstId: number) => void

/** Call inside the transaction that writes the attempts. */
export function createNatWriter(db: Database, { endpointIds }: Pick<Dictionaries, 'endpointIds'>): InsertAddresses {
  const insert = db.prepare('INSERT INTO connect_nat VALUES (?, ?, ?)')
  const idOf = (entry: number | null) => (entry === null ? null : (endpointIds[entry] as number))
  return (batch, groups, firstId) => {
    const ids = idsOfRows(batch, groups, firstId)
    for (const { row, natEntry, serviceEntry } of batch.addresses) {
      insert.run(ids[row], idOf(natEntry), idOf(serviceEntry))
    }
  }
}
