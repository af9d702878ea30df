import { copyColumns, createAttemptRing, type RingColumns, type AttemptRing } from './attempt-ring.js'
import { isFailed } from './is-failed.js'
import type { TopAttempt, TopParties } from './top-attempt.js'
import {
  areFull,
  createWindowEntities,
  dropUnused,
  partyIdsOf,
  type PartyIds,
  type WindowEntities,
} from './window-entities.js'
import { addAttempts, copySums, createWindowSums, type WindowSums } from './window-sums.js'

/** Length of the window. */
export const WINDOW_SECONDS = 60
/** Limit of attempts in the window, 59 MB. Beyond it the window is shorter. */
const MAX_ATTEMPTS = 1 << 21

const NS_PER_SECOND = 1e9

/** What the table is computed from: the attempts of the last complete seconds. */
export interface WindowView {
  readonly sums: WindowSums
  readonly columns: RingColumns
  /** Position of the first attempt of each second, oldest second first, and the end. At least one more than seconds. */
  readonly bounds: readonly number[]
  readonly pending: readonly PartyIds[]
  /** Since the start */
  readonly totals: { readonly attempts: number; readonly failed: number }
  /** Whether the limit of attempts made the window shorter. */
  readonly isCut: boolean
  readonly entities: WindowEntities
}

/**
 * The attempts of the last minute by the second in which they ended. Times are ns of a clock that begins at 0; they
 * never decrease.
 */
export interface AttemptWindow {
  /** Ends the seconds before `nowNs` and drops those that are too old. */
  advance(nowNs: number): void
  /** Adds an attempt that ended in the current second. */
  add(attempt: TopAttempt): void
  setPending(attempts: Iterable<TopParties>): void
  /** The complete seconds. Valid until the next `advance`. */
  view(): WindowView
  /** The complete seconds, unchanged by later calls. Ids stay valid until `thaw`. */
  freeze(): WindowView
  thaw(): void
}

/** Limits, for tests. */
export interface WindowLimits {
  /** A power of two */
  readonly attempts?: number
  /** Of each kind */
  readonly entities?: number
}

export function createAttemptWindow(limits: WindowLimits = {}): AttemptWindow {
  const ring = createAttemptRing(limits.attempts ?? MAX_ATTEMPTS)
  const sums = createWindowSums()
  const seconds = createSeconds({
    onBegin: (first, end) => addAttempts(sums, ring.columns, [first, end], 1),
    onEnd: (first, end) => addAttempts(sums, ring.columns, [first, end], -1),
  })
  const entities = createWindowEntities(limits.entities)
  const totals = { attempts: 0, failed: 0 }
  let pending: PartyIds[] = []
  let isFrozen = false
  let sweptSecond = -1

  const makeRoom = () => {
    while (!ring.makeRoom(seconds.first())) seconds.dropOldest()
  }
  /** At most once per second: it visits the whole window. */
  const sweep = () => {
    if (isFrozen || sweptSecond === seconds.current() || !areFull(entities)) return
    sweptSecond = seconds.current()
    dropUnused(entities, (kind, isUsed) => {
      markUsed(ring, seconds.first(), ring.columns[kind], isUsed)
      for (const ids of pending) isUsed[ids[kind]] = 1
    })
  }
  const view = (): WindowView => ({
    sums,
    columns: ring.columns,
    bounds: seconds.bounds(),
    pending,
    totals: { ...totals },
    isCut: seconds.isCut(),
    entities,
  })
  return {
    advance: (nowNs) => seconds.advance(Math.floor(nowNs / NS_PER_SECOND), ring.end),
    add(attempt) {
      makeRoom()
      sweep()
      ring.push(attempt, partyIdsOf(entities, attempt))
      totals.attempts++
      if (isFailed(attempt.outcome)) totals.failed++
    },
    setPending(attempts) {
      pending = []
      sweep()
      for (const attempt of attempts) pending.push(partyIdsOf(entities, attempt))
    },
    view,
    freeze() {
      isFrozen = true
      const now = view()
      const range = { first: now.bounds[0] as number, end: now.bounds.at(-1) as number }
      const columns = copyColumns(now.columns, { ...range, capacity: now.columns.mask + 1 })
      return { ...now, columns, sums: copySums(sums) }
    },
    thaw() {
      isFrozen = false
    },
  }
}

function markUsed({ columns, end }: AttemptRing, first: number, ids: Uint16Array, isUsed: Uint8Array): void {
  for (let position = first; position < end; position++) isUsed[ids[position & columns.mask] as number] = 1
}

/** Receives the positions of a second that has become complete, and of one that leaves the window. */
interface SecondEvents {
  onBegin(first: number, end: number): void
  onEnd(first: number, end: number): void
}

/** Where the seconds of the window begin: the complete ones, and the current one. */
function createSeconds({ onBegin, onEnd }: SecondEvents) {
  const bounds = [0]
  let current = 0
  let isCut = false
  const dropSecond = () => {
    const first = bounds.shift() as number
    onEnd(first, bounds[0] as number)
  }
  return {
    first: () => bounds[0] as number,
    current: () => current,
    bounds: () => [...bounds],
    isCut: () => isCut,
    /** @param end position of the next attempt */
    advance(second: number, end: number) {
      if (second <= current) return
      // After a gap that is longer than the window, it is empty.
      const ended = Math.min(second - current, WINDOW_SECONDS + 1)
      current = second
      for (let i = 0; i < ended; i++) {
        onBegin(bounds.at(-1) as number, end)
        bounds.push(end)
        if (bounds.length > WINDOW_SECONDS + 1) dropSecond()
      }
      if (bounds.length > WINDOW_SECONDS) isCut = false
    },
    /** A second is complete or absent. Of the current one alone, the first attempt goes. */
    dropOldest() {
      isCut = true
      if (bounds.length > 1) dropSecond()
      else bounds[0]!++
    },
  }
}
