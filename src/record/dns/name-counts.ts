import { countBy, MAX_NAMES, type AnswerLog, type Asker } from './answer-log.js'
import { NEARNESS, nearnessOf } from './find-newest.js'

/** Whose names are counted: those of the logs that are so near to an asker. */
export interface NameScope {
  readonly asker: Asker
  /** One of `NEARNESS` */
  readonly nearness: number
}

/** Counts the names that several askers have for an address together. */
export interface NameCounts {
  /** @param logs all of an address @returns how many different names there were by `atNs`, at most 256 */
  count(logs: readonly AnswerLog[], scope: NameScope, atNs: number): number
  /** To be called when any log has changed. */
  forget(): void
}

/**
 * Keeps what it has found until the next answer. Anybody can have an address that many askers have hundreds of names for, and
 * connect to it again and again: going through all of them for each attempt would take longer than the attempt.
 */
export function createNameCounts(): NameCounts {
  const found = new Map<readonly AnswerLog[], Map<string, readonly number[]>>()
  return {
    count(logs, scope, atNs) {
      const scopes = found.get(logs) ?? new Map<string, readonly number[]>()
      found.set(logs, scopes)
      const key = keyOf(scope)
      const firstTimes = scopes.get(key) ?? firstTimesOf(logs.filter((log) => isIn(log, scope)))
      scopes.set(key, firstTimes)
      return countBy(firstTimes, atNs)
    },
    forget() {
      if (found.size > 0) found.clear()
    },
  }
}

/** The same for all askers with the same logs, as far as `nearness` goes. */
function keyOf({ asker, nearness }: NameScope): string {
  if (nearness === NEARNESS.host) return ''
  return nearness === NEARNESS.netns ? `${asker.netns}` : `${nearness} ${asker.cgroupId} ${asker.netns}`
}

/** Nearer logs are in as well: they had no name by the time that is asked for, or it would not be asked for these. */
function isIn(log: AnswerLog, { asker, nearness }: NameScope): boolean {
  if (nearness === NEARNESS.host) return log.isAsked
  if (nearness === NEARNESS.netns) return log.isAsked && log.netns === asker.netns
  return nearnessOf(log, asker) === nearness
}

/** When each of the different names was answered first, in order. */
function firstTimesOf(logs: readonly AnswerLog[]): number[] {
  const firstNs = new Map<string, number>()
  for (const { distinct, firstTimes } of logs) {
    distinct.forEach((name, i) => {
      const atNs = firstTimes[i] as number
      if (atNs < (firstNs.get(name) ?? Infinity)) firstNs.set(name, atNs)
    })
  }
  return [...firstNs.values()].toSorted((a, b) => a - b).slice(0, MAX_NAMES)
}
