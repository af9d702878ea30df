/** Answers kept per asker and address. */
const MAX_ANSWERS = 1024
/** An attempt without an answer ends after 127 s (tcp_syn_retries), and its name is looked up then. */
const LONGEST_ATTEMPT_NS = 150e9
/** Maximum of counted different names. */
export const MAX_NAMES = 256

/** The querying or connecting process. */
export interface Asker {
  /** Exact up to 2^53: the upper half counts reuses of the lower half */
  readonly cgroupId: number
  /** From `netnsKeyOf`; 0: unknown */
  readonly netns: number
}

/** An answer that resolved a name to an address. Times are in ns since the session began. */
export interface NameAnswer extends Asker {
  readonly name: string
  /** Whether the query was seen: any host can send an answer */
  readonly isAsked: boolean
  readonly answeredNs: number
  /** From query to answer; `null`: the query was not seen */
  readonly lookupNs: number | null
}

/** The answers with one address to one asker, ordered by time. */
export interface AnswerLog extends Asker {
  readonly isAsked: boolean
  readonly times: number[]
  readonly lookups: (number | null)[]
  readonly names: string[]
  /** Different names ordered by their first answer, with its time; including names of removed answers. */
  readonly distinct: string[]
  readonly firstTimes: number[]
}

/**
 * A log with its first answer. Most logs have no other answer; arrays created with one element allocate no spare room.
 */
export function createAnswerLog({ cgroupId, netns, isAsked, name, answeredNs, lookupNs }: NameAnswer): AnswerLog {
  return {
    cgroupId,
    netns,
    isAsked,
    times: [answeredNs],
    lookups: [lookupNs],
    names: [name],
    distinct: [name],
    firstTimes: [answeredNs],
  }
}

/** Size of a log against the common limit. It holds at most twice as many names. */
export function sizeOf({ times, distinct }: AnswerLog): number {
  return Math.max(times.length, distinct.length)
}

/** @returns the growth of the log; negative after old answers were removed */
export function addAnswer(log: AnswerLog, { name, answeredNs, lookupNs }: NameAnswer): number {
  const before = sizeOf(log)
  // Two CPUs can write answers to the ring out of order.
  const at = countBy(log.times, answeredNs)
  log.times.splice(at, 0, answeredNs)
  log.lookups.splice(at, 0, lookupNs)
  log.names.splice(at, 0, name)
  addName(log, name, answeredNs)
  if (log.times.length > MAX_ANSWERS) thinOut(log)
  return sizeOf(log) - before
}

/** Keeps the names that were answered first, so that the count at any time is correct up to its limit. */
function addName({ distinct, firstTimes }: AnswerLog, name: string, atNs: number): void {
  const known = distinct.indexOf(name)
  if (known !== -1) {
    if ((firstTimes[known] as number) <= atNs) return
    distinct.splice(known, 1)
    firstTimes.splice(known, 1)
  }
  const at = countBy(firstTimes, atNs)
  if (at >= MAX_NAMES) return
  distinct.splice(at, 0, name)
  firstTimes.splice(at, 0, atNs)
  if (distinct.length <= MAX_NAMES) return
  distinct.pop()
  firstTimes.pop()
}

/** Number of sorted times that are not later than `atNs`. */
export function countBy(times: readonly number[], atNs: number): number {
  if (times.length === 0 || (times.at(-1) as number) <= atNs) return times.length
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] as number) <= atNs) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Removes answers older than the longest attempt except the last one, which newer attempts may need. If that is not
 * enough, removes every second answer of the older half.
 */
function thinOut(log: AnswerLog): void {
  const oldNs = (log.times.at(-1) as number) - LONGEST_ATTEMPT_NS
  const first = Math.max(0, countBy(log.times, oldNs) - 1)
  const half = log.times.length / 2
  const isKept = (_: unknown, i: number) => i >= first && (first > 0 || i >= half || i % 2 === 0)
  for (const column of [log.times, log.lookups, log.names] as unknown[][]) {
    const kept = column.filter(isKept)
    column.length = 0
    column.push(...kept)
  }
}
