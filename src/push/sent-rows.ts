import { createHash } from 'node:crypto'
import { createIdSet, type IdSet } from './id-set.js'

/** What this process has sent of a session. It is only an aid: all of it may be sent again. */
export interface SentRows {
  readonly process: IdSet
  readonly endpoint: IdSet
  readonly localAddress: IdSet
  readonly dnsName: IdSet
  /** @returns whether a row with exactly these values is new */
  addRow(table: string, bytes: Uint8Array): boolean
  /** Processes of the last batch: the name of their user may follow. */
  recent: readonly number[]
  /** After the end, all processes are sent once more, in the order of ids: those up to this one were. `null`: not yet */
  settledProcessId: number
}

export function createSentRows(): SentRows {
  const digests = new Set<string>()
  return {
    process: createIdSet(),
    endpoint: createIdSet(),
    localAddress: createIdSet(),
    dnsName: createIdSet(),
    recent: [],
    settledProcessId: 0,
    addRow(table, bytes) {
      const digest = createHash('sha256').update(table).update(bytes).digest('base64').slice(0, 24)
      const isNew = !digests.has(digest)
      digests.add(digest)
      return isNew
    },
  }
}
