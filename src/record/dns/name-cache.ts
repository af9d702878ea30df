import {
  addAnswer,
  countBy,
  createAnswerLog,
  MAX_NAMES,
  type AnswerLog,
  type Asker,
  type NameAnswer,
} from './answer-log.js'

/** Answers that are kept at the same time: 20 MB when each has another address, 30 MB with the longest names. */
const MAX_ANSWERS = 32_768
/** Askers that are told apart for one address. */
const MAX_ASKERS = 64

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
   * The newest name of an address by `atNs`: of those answered to the same cgroup (and in no other network namespace), else of
   * those asked for in the same network namespace, else on the host. What nobody was seen to ask for counts where it came to
   * alone: any host may send answers.
   */
  find(address: AddressKey, asker: Asker, atNs: number): NameMatch | null
  /** Names that were forgotten for want of room. */
  readonly evicted: number
}

export function createNameCache(maxAnswers = MAX_ANSWERS): NameCache {
  // The address whose last answer is the oldest comes first; so it is with the askers of an address.
  const addresses = new Map<AddressKey, AnswerLog[]>()
  let size = 0
  let evicted = 0
  const drop = (log: AnswerLog) => {
    size -= log.times.length
    evicted += log.distinct.length
  }
  // One iterator for good: a new one has to pass all places whose entries are gone before it comes to the first.
  const oldestFirst = addresses.entries()
  const dropOldest = () => {
    const { value: oldest } = oldestFirst.next()
    if (oldest === undefined) return
    addresses.delete(oldest[0])
    oldest[1].forEach(drop)
  }
  return {
    get evicted() {
      return evicted
    },
    add(address, answer) {
      const known = addresses.get(address)
      // Made with its element, as in a log.
      const logs = known ?? [createAnswerLog(answer)]
      size += known ? addToLogs(known, answer) : 1
      addresses.delete(address)
      addresses.set(address, logs)
      if (logs.length > MAX_ASKERS) drop(logs.shift() as AnswerLog)
      if (size > maxAnswers) dropOldest()
    },
    find(address, asker, atNs) {
      const logs = addresses.get(address)
      if (logs === undefined) return null
      const own = logs.filter((log) => log.cgroupId === asker.cgroupId && isNear(log, asker))
      const asked = logs.filter((log) => log.isAsked)
      return (
        newest(own, atNs) ??
        newest(
          asked.filter((log) => log.netns === asker.netns && asker.netns !== 0),
          atNs,
        ) ??
        newest(asked, atNs)
      )
    },
  }
}

/** What is known to be in another network namespace is far away, also in the same cgroup: `ip netns exec` leaves that as it is. */
function isNear(log: Asker, asker: Asker): boolean {
  return log.netns === asker.netns || log.netns === 0 || asker.netns === 0
}

/** The log that takes an answer stands last from then on. @returns how many answers more there are */
function addToLogs(logs: AnswerLog[], answer: NameAnswer): number {
  const { cgroupId, netns, isAsked } = answer
  const at = logs.findIndex((one) => one.cgroupId === cgroupId && one.netns === netns && one.isAsked === isAsked)
  const [known] = at === -1 ? [] : logs.splice(at, 1)
  logs.push(known ?? createAnswerLog(answer))
  return known === undefined ? 1 : addAnswer(known, answer)
}

function newest(logs: readonly AnswerLog[], atNs: number): NameMatch | null {
  let best: Omit<NameMatch, 'candidates'> | null = null
  for (const log of logs) {
    const at = countBy(log.times, atNs) - 1
    if (at < 0) continue
    const answeredNs = log.times[at] as number
    if (best !== null && answeredNs < best.answeredNs) continue
    best = { name: log.names[at] as string, answeredNs, lookupNs: log.lookups[at] ?? null }
  }
  return best === null ? null : { ...best, candidates: countNames(logs, atNs) }
}

function countNames(logs: readonly AnswerLog[], atNs: number): number {
  const [log, ...others] = logs
  if (log !== undefined && others.length === 0) return countBy(log.firstTimes, atNs)
  const names = new Set<string>()
  for (const { distinct, firstTimes } of logs) {
    for (let i = 0; i < distinct.length && names.size < MAX_NAMES; i++) {
      if ((firstTimes[i] as number) <= atNs) names.add(distinct[i] as string)
    }
  }
  return names.size
}
