import type { ConnectRow } from '../../view/connect-row.js'
import { createOrderedRows } from '../../view/ordered-rows.js'
import type { EventMemory } from '../decode/event-memory.js'
import type { PendingEvents } from '../probe/pending.js'
import type { RingReader } from '../probe/ring-reader.js'
import { connectEvent } from '../probe/wire.gen.js'

/** An attempt without an answer is shown after this long. */
const SHOWN_AFTER_NS = 200e6
/** How long a row is held back: rows come in the order of their start within this. */
const HELD_BACK_NS = 100e6
/** Events that are taken out of the ring at a time. */
const BATCH = 16_384
const MAX_BATCHES = 4

/** Attempts as they are to be shown: each once, when it ends, or when it has been pending for a while. */
export interface LiveFeed {
  /** Empties the ring and looks for attempts that wait. @returns rows to be shown, by their start */
  poll(nowNs: number): ConnectRow[]
  /** All that is left, what is pending too; to be called after `detach`. */
  finish(nowNs: number): ConnectRow[]
}

/** Of a probe: its ring, or a copy of that, and the attempts that have no answer yet. */
export interface FeedSource {
  readonly ring: Pick<RingReader, 'words' | 'bytes' | 'peek' | 'release'>
  pending(): PendingEvents
}

export interface FeedOptions {
  /** Reads a row of an event of the ring, or of an entry of the probe's map. */
  readonly read: (memory: EventMemory, byteOffset: number, isPending: boolean) => ConnectRow
  /** Whether an attempt that has waited for so long without an answer is shown; `null`: none is. */
  readonly acceptsPending: ((waitedNs: number) => boolean) | null
}

export function createLiveFeed(probe: FeedSource, { read, acceptsPending }: FeedOptions): LiveFeed {
  const ordered = createOrderedRows()
  /** Attempts that were shown as pending, and the poll in which they still were. */
  const shown = new Map<string, number>()
  let polls = 0

  const drain = () => {
    const take = (byteOffset: number) => {
      const row = read(probe.ring, byteOffset, false)
      if (shown.size === 0 || !shown.delete(keyOf(row))) ordered.add(row)
    }
    // No more than the ring holds: the rest is for the next poll.
    for (let batches = 0; batches < MAX_BATCHES && probe.ring.peek(take, BATCH) > 0; batches++) probe.ring.release()
  }
  const addPending = (nowNs: number, waitedNs: number) => {
    if (acceptsPending === null) return
    const events = probe.pending()
    for (let i = 0; i < events.count; i++) {
      const row = read(events, i * connectEvent.size_bytes, true)
      const key = keyOf(row)
      const ageNs = nowNs - row.startedNs
      const isNew = !shown.has(key)
      if (!isNew || ageNs >= waitedNs) shown.set(key, polls)
      if (isNew && ageNs >= waitedNs && acceptsPending(ageNs)) ordered.add(row)
    }
  }
  /** What is no longer pending has ended by now, and its event was taken out of the ring. */
  const forget = () => {
    for (const [key, poll] of shown) if (poll < polls - 1) shown.delete(key)
  }
  return {
    poll(nowNs) {
      polls++
      drain()
      addPending(nowNs, SHOWN_AFTER_NS)
      forget()
      return ordered.take(nowNs - HELD_BACK_NS)
    },
    finish(nowNs) {
      drain()
      addPending(nowNs, 0)
      return ordered.take(Infinity)
    },
  }
}

/** Two attempts of one thread do not begin in the same ns. */
function keyOf({ startedNs, tid }: ConnectRow): string {
  return `${startedNs}:${tid}`
}
