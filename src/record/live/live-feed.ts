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
/** Events that are taken out of the ring at a time: the kernel gets their room back before the next. */
const BATCH = 16_384
/** The map of pending attempts may hold 131,072: it is not looked at more often. */
const LOOK_NS = 100e6

/** Attempts as they are to be shown: each once, when it ends, or when it has been pending for a while. */
export interface LiveFeed {
  /** Empties the ring and looks for attempts that wait. @returns rows to be shown, by their start */
  poll(nowNs: number): ConnectRow[]
  /** All that is left, what is pending too; to be called after `detach`. */
  finish(nowNs: number): ConnectRow[]
}

/** Of a probe: its ring, or a copy of that, and the attempts that have no answer yet. */
export interface FeedSource {
  readonly ring: Pick<RingReader, 'words' | 'bytes' | 'processes' | 'peek' | 'release'>
  /** Reads what explains the attempts that are in the ring by now. @returns how many bytes of it these are at most */
  explain(): number
  /** Whether the probe's ring holds nothing more: all that has ended by now was passed on. */
  isEmpty(): boolean
  pending(): PendingEvents
}

export interface FeedOptions {
  /** Reads a row of an event of the ring, or of an entry of the probe's map. */
  readonly read: (memory: EventMemory, byteOffset: number, isPending: boolean) => ConnectRow
  /** When an event began, in ns like `ConnectRow.startedNs`, and its thread: for the many that are only looked at. */
  readonly identify: (memory: EventMemory, byteOffset: number) => Pick<ConnectRow, 'startedNs' | 'tid'>
  /** Whether an attempt that has waited for so long without an answer is shown; `null`: none is. */
  readonly acceptsPending: ((waitedNs: number) => boolean) | null
}

export function createLiveFeed(probe: FeedSource, options: FeedOptions): LiveFeed {
  const ordered = createOrderedRows()
  const waiting = createWaiting(probe, options)
  const drain = () => {
    const take = (byteOffset: number) => {
      const row = options.read(probe.ring, byteOffset, false)
      if (!waiting.wasShown(row)) ordered.add(row)
    }
    // No more than were explained: the rest is for the next poll, since a flood makes each look at what explains them long.
    for (let left = probe.explain(); left > 0;) {
      probe.ring.peek(take, BATCH, left)
      const given = probe.ring.release()
      left = given === 0 ? 0 : left - given
    }
  }
  return {
    poll(nowNs) {
      drain()
      for (const row of waiting.look(nowNs, SHOWN_AFTER_NS)) ordered.add(row)
      return ordered.take(nowNs - HELD_BACK_NS)
    },
    finish(nowNs) {
      drain()
      for (const row of waiting.look(Infinity, 0, nowNs)) ordered.add(row)
      return ordered.take(Infinity)
    },
  }
}

/** Attempts that have no answer yet, and which of them were shown. */
function createWaiting(probe: FeedSource, { read, identify, acceptsPending }: FeedOptions) {
  /** Those that were shown, and the look at which they were still waiting. */
  const shown = new Map<string, number>()
  let looks = 0
  let lookedNs = -Infinity
  /** What no longer waits has ended, and its event was taken out of the ring, if that was empty since. */
  const forget = () => {
    for (const [key, look] of shown) if (look < looks - 1) shown.delete(key)
  }
  return {
    /** Whether an attempt that ended was shown before; asked once for each. */
    wasShown: (row: ConnectRow) => shown.size > 0 && shown.delete(keyOf(row)),
    /** The attempts that have waited for so long and were not shown yet. */
    look(whenNs: number, waitedNs: number, nowNs = whenNs): ConnectRow[] {
      if (acceptsPending === null || whenNs - lookedNs < LOOK_NS) return []
      lookedNs = whenNs
      if (probe.isEmpty()) looks++
      const events = probe.pending()
      const rows: ConnectRow[] = []
      for (let i = 0; i < events.count; i++) {
        const byteOffset = i * connectEvent.size_bytes
        const attempt = identify(events, byteOffset)
        const ageNs = nowNs - attempt.startedNs
        if (ageNs < waitedNs) continue
        const key = keyOf(attempt)
        if (!shown.has(key) && acceptsPending(ageNs)) rows.push(read(events, byteOffset, true))
        shown.set(key, looks)
      }
      forget()
      return rows
    },
  }
}

/** Two attempts of one thread do not begin in the same ns. */
function keyOf({ startedNs, tid }: Pick<ConnectRow, 'startedNs' | 'tid'>): string {
  return `${startedNs}:${tid}`
}
