import { countBy, MAX_NAMES, type AnswerLog, type Asker } from './answer-log.js'
import { NEARNESS, nearnessOf } from './find-newest.js'

/** The askers whose names are counted: logs up to a distance from an asker. */
export interface NameScope {
  readonly asker: Asker
  /** One of `NEARNESS` */
  readonly nearness: number
}

/** Counts the names that several askers have for one address. */
export interface NameCounts {
  /** @param logs all logs of an address @returns number of different names up to `atNs`, at most 256 */
  count(logs: readonly AnswerLog[], scope: NameScope, atNs: number): number
  /** Call after a change of any log. */
  forget(): void
}

/**
 * Caches results until the next answer. An address can have hundreds of names from many askers, and a process can
 * connect to it repeatedly: scanning all names for each attempt would take longer than the attempt.
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

/** Equal for all askers with the same logs at this distance. */
function keyOf({ asker, nearness }: NameScope): string {
  if (nearness === NEARNESS.host) return asker.netns === 0 ? '' : 'host'
  return nearness === NEARNESS.netns ? `${asker.netns}` : `${nearness} ${asker.cgroupId} ${asker.netns}`
}

/** Includes nearer logs: they have no name at this time, otherwise they would have been used. */
function isIn(log: AnswerLog, { asker, nearness }: NameScope): boolean {
  if (nearness === NEARNESS.host) return log.isAsked && nearnessOf(log, asker) !== NEARNESS.none
  if (nearness === NEARNESS.netns) return log.isAsked && log.netns === asker.netns
  return nearnessOf(log, asker) === nearness
}

/** Sorted times of the first answer of each name. */
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
