import type { ConnectRow } from '../../view/connect-row.js'
import type { EventMemory } from '../event/event-memory.js'
import type { Metadata } from '../dns/metadata-reader.js'
import type { Probe } from '../probe/load-probe.js'
import { connectEvent } from '../event/wire.gen.js'

/** A pending attempt is shown after this time. */
const SHOWN_AFTER_NS = 200e6
/** Rows are delayed by this time and sorted by their start. */
const HELD_BACK_NS = 100e6
/** Events read from the ring at a time; the kernel gets their space back before the next read. */
const FEED_EVENTS = 16_384
/** Minimum interval of reading the map of pending attempts, which can contain 131,072 entries. */
const LOOK_NS = 100e6

/** Attempts to show: each once, at its end or after it has been pending for some time. */
export interface LiveFeed {
  /** Adds an ended attempt. */
  add(memory: EventMemory, byteOffset: number): void
  /** Rows to show by now, ordered by start. */
  takeDue(nowNs: number): ConnectRow[]
  /** Looks for pending attempts first. @returns as `takeDue` */
  poll(nowNs: number): ConnectRow[]
  /** All remaining rows including pending ones. Call after `detach`. */
  finish(nowNs: number): ConnectRow[]
}

/** Pending attempts of a probe, and whether all ended ones were added: the ring is then empty. */
export interface FeedSource extends Pick<Probe, 'pending'> {
  readonly ring: Pick<Probe['ring'], 'pendingBytes'>
}

export interface FeedOptions {
  /** Converts an event of the ring, or an entry of the probe's map, to a row. */
  readonly read: (memory: EventMemory, byteOffset: number, isPending: boolean) => ConnectRow
  /** Start of an event in ns like `ConnectRow.startedNs`, and its thread. Cheaper than `read`. */
  readonly identify: (memory: EventMemory, byteOffset: number) => Pick<ConnectRow, 'startedNs' | 'tid'>
  /** Whether a pending attempt of this age is shown; `null`: never. */
  readonly acceptsPending: ((waitedNs: number) => boolean) | null
}

export function createLiveFeed(probe: FeedSource, options: FeedOptions): LiveFeed {
  const ordered = createOrderedRows()
  const waiting = createWaiting(probe, options)
  const takeDue = (nowNs: number) => ordered.take(nowNs - HELD_BACK_NS)
  return {
    add(memory, byteOffset) {
      const row = options.read(memory, byteOffset, false)
      if (!waiting.wasShown(row)) ordered.add(row)
    },
    takeDue,
    poll(nowNs) {
      for (const row of waiting.look(nowNs, SHOWN_AFTER_NS)) ordered.add(row)
      return takeDue(nowNs)
    },
    finish(nowNs) {
      for (const row of waiting.look(Infinity, 0, nowNs)) ordered.add(row)
      return ordered.take(Infinity)
    },
  }
}

/**
 * Moves the attempts that are now in the ring into the feed. Later ones wait: during a flood, every read of metadata
 * takes long.
 */
export function feedAttempts(feed: Pick<LiveFeed, 'add'>, ring: Probe['ring'], metadata: Pick<Metadata, 'read'>): void {
  let leftBytes = ring.pendingBytes()
  metadata.read()
  while (leftBytes > 0) {
    ring.peek((byteOffset) => feed.add(ring, byteOffset), FEED_EVENTS, leftBytes)
    const givenBytes = ring.release()
    leftBytes = givenBytes === 0 ? 0 : leftBytes - givenBytes
  }
}

/** Pending attempts, and which of them were shown. */
function createWaiting(probe: FeedSource, { read, identify, acceptsPending }: FeedOptions) {
  /** Shown attempts, with the number of the last read that found them pending. */
  const shown = new Map<string, number>()
  let looks = 0
  let lookedNs = -Infinity
  /**
   * An attempt that is no longer pending has ended. Its event was read from the ring if the ring has been empty since.
   */
  const forget = () => {
    for (const [key, look] of shown) if (look < looks - 1) shown.delete(key)
  }
  return {
    /** Whether an ended attempt was shown while pending; called once for each. */
    wasShown: (row: ConnectRow) => shown.size > 0 && shown.delete(keyOf(row)),
    /** Attempts of at least this age that were not shown yet. */
    look(whenNs: number, waitedNs: number, nowNs = whenNs): ConnectRow[] {
      if (acceptsPending === null || whenNs - lookedNs < LOOK_NS) return []
      lookedNs = whenNs
      if (probe.ring.pendingBytes() === 0) looks++
      const events = probe.pending()
      const rows: ConnectRow[] = []
      for (let i = 0; i < events.count; i++) {
        const byteOffset = i * connectEvent.size_bytes
        const attempt = identify(events, byteOffset)
        const ageNs = nowNs - attempt.startedNs
        if (ageNs < waitedNs) continue
        const key = keyOf(attempt)
        const wasShown = shown.has(key)
        if (!wasShown && !acceptsPending(ageNs)) continue
        if (!wasShown) rows.push(read(events, byteOffset, true))
        shown.set(key, looks)
      }
      forget()
      return rows
    },
  }
}

/** Two attempts of one thread never begin in the same ns. */
function keyOf({ startedNs, tid }: Pick<ConnectRow, 'startedNs' | 'tid'>): string {
  return `${startedNs}:${tid}`
}

/** Delays rows and returns them in the order of their start. */
export interface OrderedRows {
  add(row: ConnectRow): void
  /** Rows that began before or at `untilNs`, oldest first. */
  take(untilNs: number): ConnectRow[]
}

export function createOrderedRows(): OrderedRows {
  let held: ConnectRow[] = []
  return {
    add: (row) => void held.push(row),
    take(untilNs) {
      const due = held.filter((row) => row.startedNs <= untilNs)
      if (due.length > 0) held = held.filter((row) => row.startedNs > untilNs)
      return due.toSorted((a, b) => a.startedNs - b.startedNs)
    },
  }
}
