import { RECURSION_AVAILABLE, RECURSION_DESIRED, encode, type Answer, type Packet } from 'dns-packet'

/** The question and the answers of a packet. A packet without `answers` is a query. */
export interface PacketFields {
  readonly id?: number
  readonly name?: string
  readonly type?: 'A' | 'AAAA' | 'MX' | 'PTR' | 'HTTPS'
  readonly answers?: readonly Answer[]
  readonly rcode?: number
  readonly ednsBytes?: number
}

/** Builds a DNS packet as resolvers do: with an OPT record if `ednsBytes` is set. */
export function makePacket({ id = 1, name = 'www.example.org', type = 'A', ...rest }: PacketFields = {}): Buffer {
  const { answers, rcode = 0, ednsBytes } = rest
  const opt = { type: 'OPT', name: '.', udpPayloadSize: ednsBytes, extendedRcode: 0, ednsVersion: 0, flags: 0 }
  const packet = {
    id,
    type: answers === undefined ? 'query' : 'response',
    flags: RECURSION_DESIRED | (answers === undefined ? 0 : RECURSION_AVAILABLE) | rcode,
    questions: [{ name, type, class: 'IN' }],
    answers: answers ?? [],
    additionals: ednsBytes === undefined ? [] : [opt],
  }
  return encode(packet as unknown as Packet)
}

export const a = (data: string, name = 'www.example.org'): Answer => ({ type: 'A', name, ttl: 60, data })
export const aaaa = (data: string, name = 'www.example.org'): Answer => ({ type: 'AAAA', name, ttl: 60, data })
export const cname = (data: string, name = 'www.example.org'): Answer => ({ type: 'CNAME', name, ttl: 60, data })
