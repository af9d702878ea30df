import { createAgingMap } from './aging-map.js'
import {
  addAnswer,
  countBy,
  createAnswerLog,
  sizeOf,
  type AnswerLog,
  type Asker,
  type NameAnswer,
} from './answer-log.js'
import { findNewest } from './find-newest.js'
import { createNameCounts } from './name-counts.js'

/** Answers that are kept at the same time: 20 MB when each has another address, 40 MB with the longest names. */
const MAX_ANSWERS = 32_768
/**
 * Askers that are told apart for one address: whoever is forgotten gets the names of others. More than a host has containers,
 * and so few that an attempt may look at all of them.
 */
const MAX_ASKERS = 1024

/** The name of an address at a time. */
export interface NameMatch {
  readonly name: string
  readonly answeredNs: number
  readonly lookupNs: number | null
  /** Different names that the address had had by then for the same askers, this one included; at most 256 */
  readonly candidates: number
}

/** Four 32-bit words; IPv4-mapped addresses go by the last of them. */
export type AddressKey = number | string

/** What addresses were called, for whom. Pure. */
export interface NameCache {
  add(address: AddressKey, answer: NameAnswer): void
  /**
   * The newest name of an address by `atNs`: of those answered to the same cgroup (and in no other network namespace), what it
   * was seen to ask for first; else of those asked for in the same network namespace, else on the host. What nobody was seen to
   * ask for counts where it came to alone: any host may send answers.
   */
  find(address: AddressKey, asker: Asker, atNs: number): NameMatch | null
  /** Names that were forgotten for want of room. */
  readonly evicted: number
}

export function createNameCache(maxAnswers = MAX_ANSWERS): NameCache {
  // The address whose last answer is the oldest comes first; so it is with the askers of an address.
  const addresses = createAgingMap<AddressKey, AnswerLog[]>()
  const counts = createNameCounts()
  let size = 0
  let evicted = 0
  const drop = (log: AnswerLog) => {
    size -= sizeOf(log)
    evicted += log.distinct.length
  }
  return {
    get evicted() {
      return evicted
    },
    add(address, answer) {
      counts.forget()
      const known = addresses.get(address)
      // Made with its element, as in a log.
      const logs = known ?? [createAnswerLog(answer)]
      size += known ? addToLogs(known, answer) : 1
      addresses.put(address, logs)
      if (logs.length > MAX_ASKERS) drop(logs.shift() as AnswerLog)
      if (size > maxAnswers) addresses.takeOldest()?.forEach(drop)
    },
    find(address, asker, atNs) {
      const logs = addresses.get(address)
      const newest = logs === undefined ? null : findNewest(logs, asker, atNs)
      if (logs === undefined || newest === null) return null
      const { log, index, nearness, logCount } = newest
      return {
        name: log.names[index] as string,
        answeredNs: log.times[index] as number,
        lookupNs: log.lookups[index] ?? null,
        candidates: logCount === 1 ? countBy(log.firstTimes, atNs) : counts.count(logs, { asker, nearness }, atNs),
      }
    },
  }
}

/** The log that takes an answer stands last from then on. @returns by how much the logs have grown */
function addToLogs(logs: AnswerLog[], answer: NameAnswer): number {
  const { cgroupId, netns, isAsked } = answer
  const at = logs.findLastIndex((one) => one.cgroupId === cgroupId && one.netns === netns && one.isAsked === isAsked)
  const [known] = at === -1 ? [] : logs.splice(at, 1)
  logs.push(known ?? createAnswerLog(answer))
  return known === undefined ? 1 : addAnswer(known, answer)
}
