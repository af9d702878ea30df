import type { NameCache } from './name-cache.js'

/** What attempts are named from. */
export type NameFinder = Pick<NameCache, 'find'>

/** The same names, in the times of a session that began `byNs` later. */
export function shiftNames(names: NameFinder, byNs: number): NameFinder {
  return {
    find(address, asker, atNs) {
      const match = names.find(address, asker, atNs + byNs)
      return match && { ...match, answeredNs: match.answeredNs - byNs }
    },
  }
}
