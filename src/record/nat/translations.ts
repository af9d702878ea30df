import { translation as at } from '../event/wire.gen.js'
import { ENDPOINT_WORDS, endpointAt, type EndpointKey } from './endpoint-key.js'
import { createGenerations } from './generations.js'

const WORDS = at.size_bytes / 4
const ROUTE_WORDS = 2 * ENDPOINT_WORDS
const [ROUTE, NEW_ROUTE, NEW_DESTINATION] = [at.source / 4, at.new_source / 4, at.new_destination / 4]
const FORWARDED = at.is_forwarded / 4
/** Limit of successive translations: as in a node inside a container, behind a published port of its host. */
const MAX_HOPS = 4
/** The port of a source may be reused before the attempts are read. */
const MAX_REUSES = 16
/** Longer than the time between two SYN of an attempt, at most 2 minutes, and the time until the attempt is read. */
const KEPT_NS = 300e9

/** A network namespace. */
export interface NetnsId {
  readonly inode: number
  /** 0: unknown */
  readonly cookie: number
}

/** An attempt: where it led, and when it was pending. */
export interface Route {
  /** Source and destination of the socket: two struct endpoint */
  readonly words: Uint32Array
  readonly netns: NetnsId
  readonly fromNs: number
  readonly toNs: number
}

/** Destinations that connection tracking translated. */
export interface Translations {
  readonly isEmpty: boolean
  /** @param netns that translated the packet @param payload struct translation, which is copied */
  add(seenNs: number, netns: NetnsId, payload: Uint32Array): void
  /**
   * The destination after all translations; `null` if there was none, or if namespaces with the same addresses translated
   * the same ports at the same time.
   */
  find(route: Route): EndpointKey | null
}

interface Translation {
  readonly words: Uint32Array
  readonly netns: NetnsId
  readonly firstNs: number
  lastNs: number
}

export function createTranslations(): Translations {
  /** Newest first */
  const byRoute = createGenerations<readonly Translation[]>({ weigh: ({ length }) => length })
  return {
    get isEmpty() {
      return byRoute.isEmpty
    },
    add(seenNs, netns, payload) {
      const hash = hashOf(payload, ROUTE)
      const known = byRoute.get(hash)?.filter(({ lastNs }) => lastNs >= seenNs - KEPT_NS) ?? []
      const newest = known.find((one) => isSameNetns(one.netns, netns) && isSameRoute(one, payload))
      // A packet passes several devices, and a SYN is sent again.
      if (newest && areEqual(newest.words, 0, payload, 0, WORDS)) {
        newest.lastNs = seenNs
        return byRoute.set(hash, known)
      }
      const added = { words: payload.slice(0, WORDS), netns, firstNs: seenNs, lastNs: seenNs }
      byRoute.set(hash, [added, ...known].slice(0, MAX_REUSES))
    },
    find(route) {
      let last = findOne(byRoute.get(hashOf(route.words, 0)), route.words, 0, route)
      let next = last
      for (let hops = 1; last !== null && next !== null && hops < MAX_HOPS; hops++) {
        next = findOne(byRoute.get(hashOf(last.words, NEW_ROUTE)), last.words, NEW_ROUTE, route)
        last = next ?? last
      }
      return last && endpointAt(last.words, NEW_DESTINATION)
    },
  }
}

/**
 * @param from word offset of the source and the destination in `words`; 0: those of the socket, whose own namespace
 * translates first
 */
function findOne(
  log: readonly Translation[] | undefined,
  words: Uint32Array,
  from: number,
  { netns, fromNs, toNs }: Route,
): Translation | null {
  let forwarded: Translation | null = null
  let isAmbiguous = false
  if (log === undefined) return null
  for (const one of log) {
    if (one.lastNs < fromNs || one.firstNs > toNs || !areEqual(one.words, ROUTE, words, from, ROUTE_WORDS)) continue
    if (isForwarded(one)) {
      isAmbiguous ||= forwarded !== null && !isSameNetns(one.netns, forwarded.netns)
      forwarded ??= one
    } else if (from === 0 && isSameNetns(one.netns, netns)) {
      return one
    }
  }
  return isAmbiguous ? null : forwarded
}

/** Compares also whether the packet was forwarded. */
function isSameRoute({ words }: Translation, payload: Uint32Array): boolean {
  return words[FORWARDED] === payload[FORWARDED] && areEqual(words, ROUTE, payload, ROUTE, ROUTE_WORDS)
}

function isForwarded({ words }: Translation): boolean {
  return words[FORWARDED] === 1
}

function isSameNetns(a: NetnsId, b: NetnsId): boolean {
  return a.inode === b.inode && (a.cookie === 0 || b.cookie === 0 || a.cookie === b.cookie)
}

function areEqual(a: Uint32Array, aFrom: number, b: Uint32Array, bFrom: number, count: number): boolean {
  for (let i = 0; i < count; i++) if (a[aFrom + i] !== b[bFrom + i]) return false
  return true
}

/** Not unique: routes are compared. */
function hashOf(words: Uint32Array, from: number): number {
  let hash = 0
  for (let i = from; i < from + ROUTE_WORDS; i++) {
    hash = Math.imul(hash ^ (words[i] as number), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  return hash
}
