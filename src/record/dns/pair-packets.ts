import { createAgingMap } from './aging-map.js'
import type { DnsMessage } from './dns-message.js'
import type { Lookup } from './lookup.js'
import type { Netns } from './netns-key.js'

/** glibc repeats a query after 5 s with the same id. */
const GIVEN_UP_NS = 10e9
/** Limit of stored queries, separately for answered and unanswered ones. The oldest are removed first. */
const MAX_KEPT = 16_384

/** A DNS packet and its origin. */
export interface DnsPacket {
  readonly message: DnsMessage
  /** ns since the session began */
  readonly seenNs: number
  /** Of the querying socket, the same for query and answer */
  readonly socketCookie: bigint
  readonly cgroupId: bigint
  readonly netns: Netns
}

/** A lookup, and whether it is the first answer to its query: several servers may answer one query. */
export interface PairedLookup {
  readonly lookup: Lookup
  readonly isFirst: boolean
}

/** Combines a query and its answer into a lookup. Pure. */
export interface PacketPairs {
  /** @returns the finished lookup; `null` if none has finished, as for every query */
  add(packet: DnsPacket): PairedLookup | null
  /** Queries whose time limit has passed at `nowNs`; Infinity for all. */
  giveUp(nowNs: number): PairedLookup[]
  /** Queries dropped because the map was full: whether they were answered is unknown. */
  readonly lost: number
}

export function createPacketPairs(): PacketPairs {
  // Ordered by time.
  const pending = createAgingMap<string, DnsPacket>()
  const recent = createRecentQuestions()
  let lost = 0
  const addQuery = (key: string, query: DnsPacket) => {
    // A repeated query: the latency counts from the first one.
    if (pending.get(key) === undefined) pending.put(key, query)
    if (pending.size <= MAX_KEPT) return
    pending.takeOldest()
    lost++
  }
  const addAnswer = (key: string, answer: DnsPacket): PairedLookup => {
    const query = pending.get(key)
    const before = query === undefined ? recent.find(key, answer.seenNs) : undefined
    // A repeated answer counts like the first one, not more: any host can send two.
    if (before) return { lookup: toLookup(null, answer, before.isAsked), isFirst: false }
    pending.delete(key)
    recent.add(key, { atNs: answer.seenNs, isAsked: query !== undefined })
    return { lookup: toLookup(query ?? null, answer, query !== undefined), isFirst: true }
  }
  return {
    get lost() {
      return lost
    },
    add(packet) {
      const key = keyOf(packet)
      if (packet.message.isAnswer) return addAnswer(key, packet)
      addQuery(key, packet)
      return null
    },
    giveUp(nowNs) {
      const lookups: PairedLookup[] = []
      for (const [key, query] of pending.entries()) {
        if (nowNs - query.seenNs <= GIVEN_UP_NS) break
        pending.delete(key)
        recent.add(key, { atNs: query.seenNs + GIVEN_UP_NS, isAsked: true })
        lookups.push({ lookup: toLookup(query, query, true), isFirst: true })
      }
      return lookups
    },
  }
}

/** A finished query: its time, and whether it was seen. */
interface RecentQuestion {
  readonly atNs: number
  readonly isAsked: boolean
}

function createRecentQuestions() {
  const questions = createAgingMap<string, RecentQuestion>()
  return {
    add(key: string, question: RecentQuestion) {
      questions.put(key, question)
      if (questions.size > MAX_KEPT) questions.takeOldest()
    },
    /** A query that finished before `atNs`, and recently. */
    find(key: string, atNs: number): RecentQuestion | undefined {
      const question = questions.get(key)
      return question && question.atNs >= atNs - GIVEN_UP_NS ? question : undefined
    },
  }
}

/** Same socket, id and question (RFC 5452, 9.1). The server's address may differ behind NAT. */
function keyOf({ message, socketCookie }: DnsPacket): string {
  return `${socketCookie} ${message.id} ${message.queryType} ${message.name}`
}

/** @param query `null` if only the answer was seen, or for a repeated answer @param answer the query itself without one */
function toLookup(query: DnsPacket | null, answer: DnsPacket, isAsked: boolean): Lookup {
  const { message, cgroupId, netns } = answer
  const isTimed = query !== null && query !== answer
  return {
    startedNs: (query ?? answer).seenNs,
    // Clocks of two CPUs may differ slightly.
    latencyNs: isTimed ? Math.max(0, answer.seenNs - query.seenNs) : null,
    name: message.name,
    queryType: message.queryType,
    rcode: message.isAnswer ? message.rcode : null,
    isTruncated: message.isAnswer ? message.isTruncated : null,
    addresses: message.addresses,
    isAsked,
    cgroupId,
    netns,
  }
}
