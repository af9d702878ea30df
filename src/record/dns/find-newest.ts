import { countBy, type AnswerLog, type Asker } from './answer-log.js'

/**
 * Whose answers they are, seen from who connects: the nearest who know the address have the word. Of those of the same cgroup
 * what was asked for comes first, since any host may send answers.
 */
export const NEARNESS = { ownAsked: 0, ownUnasked: 1, netns: 2, host: 3, none: 4 } as const

/** The newest answer of the nearest logs that had one by a time. */
export interface NewestAnswer {
  readonly log: AnswerLog
  /** Of the answer in its log */
  readonly index: number
  /** One of `NEARNESS` */
  readonly nearness: number
  /** Logs as near as that which had an answer by then */
  readonly logCount: number
}

/** @param logs all of an address. Passed over once, whatever there are: this is done for every attempt. */
export function findNewest(logs: readonly AnswerLog[], asker: Asker, atNs: number): NewestAnswer | null {
  let newest: AnswerLog | null = null
  let [index, nearness, logCount]: [number, number, number] = [-1, NEARNESS.none, 0]
  for (const log of logs) {
    const its = nearnessOf(log, asker)
    if (its === NEARNESS.none || its > nearness) continue
    const at = countBy(log.times, atNs) - 1
    if (at < 0) continue
    const isNearer = its < nearness
    logCount = isNearer ? 1 : logCount + 1
    nearness = its
    if (!isNearer && newest !== null && (log.times[at] as number) < (newest.times[index] as number)) continue
    newest = log
    index = at
  }
  return newest && { log: newest, index, nearness, logCount }
}

/** @returns one of `NEARNESS` */
export function nearnessOf(log: AnswerLog, asker: Asker): number {
  if (log.cgroupId === asker.cgroupId && isNear(log, asker)) {
    return log.isAsked ? NEARNESS.ownAsked : NEARNESS.ownUnasked
  }
  if (!log.isAsked) return NEARNESS.none
  return log.netns === asker.netns && asker.netns !== 0 ? NEARNESS.netns : NEARNESS.host
}

/** What is known to be in another network namespace is far away, also in the same cgroup: `ip netns exec` leaves that as it is. */
function isNear(log: Asker, asker: Asker): boolean {
  return log.netns === asker.netns || log.netns === 0 || asker.netns === 0
}
