import type { DnsMessage } from './dns-message.js'
import type { Lookup } from './lookup.js'

/** glibc asks for the second time after 5 s, with the same id. */
const GIVEN_UP_NS = 10e9
/** Questions that are kept, without an answer or with one: a flood of them pushes the oldest out. */
const MAX_KEPT = 16_384

/** A DNS packet and where it was seen. */
export interface DnsPacket {
  readonly message: DnsMessage
  /** ns since the session began */
  readonly seenNs: number
  /** Of the socket that asks, the same for query and answer */
  readonly socketCookie: bigint
  readonly cgroupId: bigint
  readonly netns: number
}

/** A lookup, and whether it is one of its own: several servers may answer one question. */
export interface PairedLookup {
  readonly lookup: Lookup
  readonly isFirst: boolean
}

/** Makes one lookup of a query and its answer. Pure. */
export interface PacketPairs {
  /** @returns what is over: by an answer, or because there was no room left */
  add(packet: DnsPacket): PairedLookup[]
  /** Queries that get no answer any more at `nowNs`; Infinity for all. */
  giveUp(nowNs: number): PairedLookup[]
}

export function createPacketPairs(): PacketPairs {
  // In the order of their time.
  const pending = new Map<string, DnsPacket>()
  const answered = createRecentKeys()
  const close = (key: string, atNs: number) => {
    pending.delete(key)
    answered.add(key, atNs)
  }
  const takeUnanswered = (isOver: (query: DnsPacket) => boolean): PairedLookup[] => {
    const lookups: PairedLookup[] = []
    for (const [key, query] of pending) {
      if (!isOver(query)) break
      close(key, query.seenNs + GIVEN_UP_NS)
      lookups.push({ lookup: toLookup(query, query), isFirst: true })
    }
    return lookups
  }
  return {
    add(packet) {
      const key = keyOf(packet)
      const query = pending.get(key)
      if (packet.message.isAnswer) {
        const isFirst = query !== undefined || !answered.has(key, packet.seenNs - GIVEN_UP_NS)
        close(key, packet.seenNs)
        return [{ lookup: toLookup(query ?? (isFirst ? null : packet), packet), isFirst }]
      }
      // Asked again: what counts is how long it takes from the first time on.
      if (query === undefined) pending.set(key, packet)
      return pending.size > MAX_KEPT ? takeUnanswered(() => pending.size > MAX_KEPT) : []
    },
    giveUp: (nowNs) => takeUnanswered((query) => nowNs - query.seenNs > GIVEN_UP_NS),
  }
}

/** Questions that are over, and when they were. */
function createRecentKeys() {
  const times = new Map<string, number>()
  // One iterator for good: a new one would pass all places whose entries are gone.
  const oldestFirst = times.keys()
  return {
    add(key: string, atNs: number) {
      times.delete(key)
      times.set(key, atNs)
      if (times.size > MAX_KEPT) times.delete(oldestFirst.next().value ?? key)
    },
    has: (key: string, sinceNs: number) => (times.get(key) ?? -Infinity) >= sinceNs,
  }
}

/** The same socket, id and question (RFC 5452, 9.1); the server's address may be another one behind NAT. */
function keyOf({ message, socketCookie }: DnsPacket): string {
  return `${socketCookie} ${message.id} ${message.queryType} ${message.name}`
}

/** @param query `null` when the answer alone was seen, and nothing like it before */
function toLookup(query: DnsPacket | null, answer: DnsPacket): Lookup {
  const { message, cgroupId, netns } = answer
  const isTimed = query !== null && query !== answer
  return {
    startedNs: (query ?? answer).seenNs,
    // Two CPUs may read their clocks in the other order.
    latencyNs: isTimed ? Math.max(0, answer.seenNs - query.seenNs) : null,
    name: message.name,
    queryType: message.queryType,
    rcode: message.isAnswer ? message.rcode : null,
    addresses: message.addresses,
    isAsked: query !== null,
    cgroupId,
    netns,
  }
}
