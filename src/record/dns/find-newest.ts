import { HOST_NETNS } from './netns-key.js'
import { countBy, type AnswerLog, type Asker } from './answer-log.js'

/**
 * Distance between the asker of an answer and a connecting process; the nearest askers that know the address decide.
 * Within one cgroup, answers to seen queries come first, because any host can send answers.
 */
export const NEARNESS = { ownAsked: 0, ownUnasked: 1, netns: 2, host: 3, none: 4 } as const

/** The newest answer up to a time, from the nearest logs that have one. */
export interface NewestAnswer {
  readonly log: AnswerLog
  /** Index of the answer in its log */
  readonly index: number
  /** One of `NEARNESS` */
  readonly nearness: number
  /** Logs at this distance that have an answer up to the time */
  readonly logCount: number
}

/** @param logs all logs of an address. Scanned once per attempt, whatever their number. */
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
  if (log.netns === asker.netns && asker.netns !== 0) return NEARNESS.netns
  // Resolvers of the whole host ask in its namespace, also for containers. A name seen in one container is not used for
  // another.
  return isOfHost(log) || asker.netns === 0 ? NEARNESS.host : NEARNESS.none
}

/** Asked in the host's network namespace, or in an unknown one. */
function isOfHost(log: Asker): boolean {
  return log.netns === HOST_NETNS || log.netns === 0
}

/** A different known network namespace is never near, even in the same cgroup: `ip netns exec` keeps the cgroup. */
function isNear(log: Asker, asker: Asker): boolean {
  return log.netns === asker.netns || log.netns === 0 || asker.netns === 0
}
