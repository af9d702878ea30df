/** Answers to one asker that are kept for one address. */
const MAX_ANSWERS = 1024
/** An attempt that gets no answer ends 127 s after it began (tcp_syn_retries), and is looked at then. */
const LONGEST_ATTEMPT_NS = 150e9
/** Different names that are counted. */
export const MAX_NAMES = 256

/** Who asked, or who connects. */
export interface Asker {
  /** Exact for ids up to 2^53: their upper half counts how often the kernel has given the lower half away */
  readonly cgroupId: number
  /** 0: not known */
  readonly netns: number
}

/** An answer that gave an address to a name. Times are in ns since the session began. */
export interface NameAnswer extends Asker {
  readonly name: string
  /** Whether somebody was seen to ask: anybody may send an answer */
  readonly isAsked: boolean
  readonly answeredNs: number
  /** Query to answer; `null`: the query was not seen */
  readonly lookupNs: number | null
}

/** The answers with one address that one asker got, in the order of their time. */
export interface AnswerLog extends Asker {
  readonly isAsked: boolean
  readonly times: number[]
  readonly lookups: (number | null)[]
  readonly names: string[]
  /** Different names in the order of their first answer, and its time: of what was thinned out, too. */
  readonly distinct: string[]
  readonly firstTimes: number[]
}

/** A log with its first answer. Most have no other: arrays that are made with their element take no room for more. */
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

/** What a log takes of the room that there is for all: it holds no more than twice as many names. */
export function sizeOf({ times, distinct }: AnswerLog): number {
  return Math.max(times.length, distinct.length)
}

/** @returns by how much the log has grown; below 0 after it was thinned out */
export function addAnswer(log: AnswerLog, { name, answeredNs, lookupNs }: NameAnswer): number {
  const before = sizeOf(log)
  // Two CPUs may have put them into the ring in the other order.
  const at = countBy(log.times, answeredNs)
  log.times.splice(at, 0, answeredNs)
  log.lookups.splice(at, 0, lookupNs)
  log.names.splice(at, 0, name)
  addName(log, name, answeredNs)
  if (log.times.length > MAX_ANSWERS) thinOut(log)
  return sizeOf(log) - before
}

/** Those that were answered first are kept: so a count of them by any time is right as far as it goes. */
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

/** How many of these times, in their order, are no later than `atNs`. */
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
 * What is older than the longest attempt goes but for the last of it, which whatever began since then may need; where that is
 * not enough, every second one of the older half.
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
