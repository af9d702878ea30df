import type { DnsMessage } from './dns-message.js'
import type { Lookup } from './lookup.js'

/** glibc asks for the second time after 5 s, with the same id. */
const GIVEN_UP_NS = 10e9
/** Questions without an answer that are kept: a flood of them pushes the oldest out. */
const MAX_PENDING = 16_384

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

/** Makes one look-up of a query and its answer. Pure. */
export interface PacketPairs {
  /** @returns what is over: by an answer, or because there was no room left */
  add(packet: DnsPacket): Lookup[]
  /** Queries that get no answer any more at `nowNs`; Infinity for all. */
  giveUp(nowNs: number): Lookup[]
}

export function createPacketPairs(): PacketPairs {
  // In the order of their time.
  const pending = new Map<string, DnsPacket>()
  const giveUp = (isOver: (query: DnsPacket) => boolean): Lookup[] => {
    const lookups: Lookup[] = []
    for (const [key, query] of pending) {
      if (!isOver(query)) break
      pending.delete(key)
      lookups.push(toLookup(query, query, null))
    }
    return lookups
  }
  return {
    add(packet) {
      const key = keyOf(packet)
      const query = pending.get(key)
      if (packet.message.isAnswer) {
        pending.delete(key)
        return [toLookup(query ?? packet, packet, query ? packet.seenNs - query.seenNs : null)]
      }
      // Asked again: what counts is how long it takes from the first time on.
      if (query === undefined) pending.set(key, packet)
      return pending.size > MAX_PENDING ? giveUp(() => pending.size > MAX_PENDING) : []
    },
    giveUp: (nowNs) => giveUp((query) => nowNs - query.seenNs > GIVEN_UP_NS),
  }
}

/** The same socket, id and question (RFC 5452, 9.1); the server's address may be another one behind NAT. */
function keyOf({ message, socketCookie }: DnsPacket): string {
  return `${socketCookie} ${message.id} ${message.queryType} ${message.name}`
}

function toLookup(query: DnsPacket, answer: DnsPacket, latencyNs: number | null): Lookup {
  const { message } = answer
  return {
    startedNs: query.seenNs,
    // Two CPUs may read their clocks in the other order.
    latencyNs: latencyNs === null ? null : Math.max(0, latencyNs),
    name: message.name,
    queryType: message.queryType,
    rcode: message.isAnswer ? message.rcode : null,
    addresses: message.addresses,
    cgroupId: answer.cgroupId,
    netns: answer.netns,
  }
}
