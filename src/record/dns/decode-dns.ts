import { decode, type Answer, type Packet } from 'dns-packet'
import { parseAddress } from '../../store/address.js'
import { QUERY_TYPES, type DnsMessage } from './dns-message.js'

/** Lengths of the header, and of the shortest question and record: a root name and fixed fields (RFC 1035, 4.1). */
const [HEADER_BYTES, QUESTION_BYTES, RECORD_BYTES] = [12, 5, 11]

/** Fields of a packet that dns-packet sets and its types leave out. */
interface DecodedPacket extends Packet {
  readonly rcode?: string
}

/**
 * Decodes the payload of a UDP packet. Anybody may send anything: no packet costs more than its own length.
 * @returns `null` for what asks for no addresses, `undefined` for what is no whole DNS packet
 */
export function decodeDns(payload: Uint8Array): DnsMessage | null | undefined {
  if (!isPlausible(payload)) return undefined
  try {
    return toMessage(decode(Buffer.from(payload.buffer, payload.byteOffset, payload.length)), payload)
  } catch {
    // dns-packet refuses pointers that do not go backwards, names of over 254 bytes, and what is cut off.
    return undefined
  }
}

/** The header may promise no more records than there is room for. */
function isPlausible(payload: Uint8Array): boolean {
  if (payload.length < HEADER_BYTES) return false
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((at) => view.getUint16(at)) as Counts
  const records = answers + authorities + additionals
  return HEADER_BYTES + questions * QUESTION_BYTES + records * RECORD_BYTES <= payload.length
}

type Counts = [number, number, number, number]

function toMessage(packet: DecodedPacket, payload: Uint8Array): DnsMessage | null {
  const [question, ...others] = packet.questions ?? []
  if (question === undefined || others.length > 0 || question.class !== 'IN') return null
  if (question.type !== 'A' && question.type !== 'AAAA') return null
  return {
    id: packet.id ?? 0,
    isAnswer: packet.type === 'response',
    name: normalizeName(question.name),
    queryType: QUERY_TYPES[question.type],
    rcode: packet.type === 'response' ? (payload[3] as number) & 15 : 0,
    addresses: (packet.answers ?? []).flatMap(addressOf),
  }
}

/** Letters of names have no case (RFC 4343). A NUL would end the text for some readers. */
export function normalizeName(name: string): string {
  return name
    .toLowerCase()
    .replace(/(?<=.)\.$/, '')
    .replaceAll('\0', '\u{fffd}')
}

/** All that an answer holds belong to the name that was asked for, over however many CNAMEs. */
function addressOf(answer: Answer): Uint8Array[] {
  if (answer.type !== 'A' && answer.type !== 'AAAA') return []
  const address = parseAddress(answer.data)
  return address === null ? [] : [address]
}
