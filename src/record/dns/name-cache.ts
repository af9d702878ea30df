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

/** Limit of answers: 20 MB if each has another address, 40 MB with the longest names. */
const MAX_ANSWERS = 32_768
/**
 * Limit of askers per address. A removed asker gets the names of others. More than a host has containers, and few
 * enough to scan for every attempt.
 */
const MAX_ASKERS = 1024

/** The name of an address at a time. */
export interface NameMatch {
  readonly name: string
  readonly answeredNs: number
  readonly lookupNs: number | null
  /** Different names of the address up to that time for the same askers, including this one; at most 256 */
  readonly candidates: number
}

/** Four 32-bit words; for an IPv4-mapped address only the last word. */
export type AddressKey = number | string

/** Names of addresses by asker. Pure. */
export interface NameCache {
  add(address: AddressKey, answer: NameAnswer): void
  /**
   * The newest name of an address at `atNs`: of answers to the same cgroup (unless in another network namespace), those
   * with a seen query first; otherwise of queries in the same network namespace; otherwise of queries in the host's.
   * Answers without a seen query count only for their recipient, because any host can send answers.
   */
  find(address: AddressKey, asker: Asker, atNs: number): NameMatch | null
  /** Inode number of the host's network namespace, `null`: unknown */
  readonly hostNetns: number | null
  /** Names evicted because the cache was full. */
  readonly evicted: number
}

/** @param hostNetns inode number of the host's network namespace, `null`: unknown */
export function createNameCache(hostNetns: number | null = null, maxAnswers = MAX_ANSWERS): NameCache {
  // The address with the oldest last answer comes first. The same order holds for the askers of an address.
  const addresses = createAgingMap<AddressKey, AnswerLog[]>()
  const counts = createNameCounts()
  let size = 0
  let evicted = 0
  const drop = (log: AnswerLog) => {
    size -= sizeOf(log)
    evicted += log.distinct.length
  }
  return {
    hostNetns,
    get evicted() {
      return evicted
    },
    add(address, answer) {
      counts.forget()
      const known = addresses.get(address)
      // Created with one element, as in a log.
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

/** Moves the log of the answer to the end. @returns the growth of the logs */
function addToLogs(logs: AnswerLog[], answer: NameAnswer): number {
  const { cgroupId, netns, isAsked } = answer
  const at = logs.findLastIndex((one) => one.cgroupId === cgroupId && one.netns === netns && one.isAsked === isAsked)
  const [known] = at === -1 ? [] : logs.splice(at, 1)
  logs.push(known ?? createAnswerLog(answer))
  return known === undefined ? 1 : addAnswer(known, answer)
}

/** Source of names for attempts. */
export type NameFinder = Pick<NameCache, 'find' | 'hostNetns'>
