import type { TopView } from '../../top/top-view.js'
import type { EndedAttempts } from './ended-attempts.js'
import type { ReplayClock } from './replay-clock.js'

const NS_PER_SECOND = 1e9

/** Moves the attempts of a trace into the table. */
export interface Player {
  /** ns since the first attempt */
  readonly positionNs: number
  /** @param limit of begins and ends @returns whether it has reached `untilNs`, or the end of the trace */
  moveTo(untilNs: number, limit: number): boolean
  /** Pauses, and moves to the end of the next second in which an attempt ended. */
  step(): void
}

export function createPlayer(
  attempts: EndedAttempts,
  clock: Pick<ReplayClock, 'set' | 'pause'>,
  view: Pick<TopView, 'advance' | 'add'>,
): Player {
  let positionNs = 0
  const moveTo = (untilNs: number, limit: number) => {
    const reachedNs = attempts.take(untilNs, limit, (attempt, endedNs) => {
      view.advance(endedNs)
      view.add(attempt)
    })
    // The last second is complete.
    const toNs = attempts.isFinished ? nextSecond(attempts.lastNs) : reachedNs
    positionNs = Math.max(positionNs, toNs)
    view.advance(positionNs)
    clock.set(positionNs)
    return attempts.isFinished || reachedNs >= untilNs
  }
  return {
    get positionNs() {
      return positionNs
    },
    moveTo,
    step() {
      clock.pause(true)
      const before = attempts.endedCount
      // A gap is one step, however long it is.
      while (!attempts.isFinished && attempts.endedCount === before) {
        moveTo(nextSecond(Math.max(positionNs, attempts.nextNs)), Infinity)
      }
    },
  }
}

function nextSecond(ns: number): number {
  return (Math.floor(ns / NS_PER_SECOND) + 1) * NS_PER_SECOND
}
