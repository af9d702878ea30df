import { createAgingMap } from './aging-map.js'
import type { DnsMessage } from './dns-message.js'
import type { Lookup } from './lookup.js'

/** glibc asks for the second time after 5 s, with the same id. */
const GIVEN_UP_NS = 10e9
/** Questions that are kept, as many without an answer as with one: a flood of them pushes the oldest out. */
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
  /** @returns what is over by this packet; `null` when that is nothing, as for every query */
  add(packet: DnsPacket): PairedLookup | null
  /** Queries that get no answer any more at `nowNs`; Infinity for all. */
  giveUp(nowNs: number): PairedLookup[]
  /** Queries that were forgotten for want of room: whether they got an answer is not known. */
  readonly lost: number
}

export function createPacketPairs(): PacketPairs {
  // In the order of their time.
  const pending = createAgingMap<string, DnsPacket>()
  const recent = createRecentQuestions()
  let lost = 0
  const addQuery = (key: string, query: DnsPacket) => {
    // Asked again: what counts is how long it takes from the first time on.
    if (pending.get(key) === undefined) pending.put(key, query)
    if (pending.size <= MAX_KEPT) return
    pending.takeOldest()
    lost++
  }
  const addAnswer = (key: string, answer: DnsPacket): PairedLookup => {
    const query = pending.get(key)
    const before = query === undefined ? recent.find(key, answer.seenNs) : undefined
    // One more is as good as the first, and no better for coming again: anybody can send two.
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

/** A question that is over: when, and whether somebody was seen to ask it. */
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
    /** What was over by `atNs`, and not long before. */
    find(key: string, atNs: number): RecentQuestion | undefined {
      const question = questions.get(key)
      return question && question.atNs >= atNs - GIVEN_UP_NS ? question : undefined
    },
  }
}

/** The same socket, id and question (RFC 5452, 9.1); the server's address may be another one behind NAT. */
function keyOf({ message, socketCookie }: DnsPacket): string {
  return `${socketCookie} ${message.id} ${message.queryType} ${message.name}`
}

/** @param query `null` when the answer alone was seen, or one more of it; the answer itself when there was none */
function toLookup(query: DnsPacket | null, answer: DnsPacket, isAsked: boolean): Lookup {
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
    isAsked,
    cgroupId,
    netns,
  }
}
