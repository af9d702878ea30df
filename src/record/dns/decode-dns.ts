import { decode } from 'dns-packet'
import { QUERY_TYPES, type DnsMessage } from './dns-message.js'
import { HEADER_BYTES, endOfName, readAddresses } from './read-addresses.js'

/** Type and class of a question (RFC 1035, 4.1.2). */
const FIELDS_BYTES = 4
/** Counts of records in the header, behind that of questions. */
const RECORD_COUNTS = 6
const RCODE_BITS = 15

/**
 * Decodes the payload of a UDP packet. Anybody may send anything: no packet costs more than its own length.
 * @returns `null` for what asks for no addresses, `undefined` for what is no whole DNS packet
 */
export function decodeDns(payload: Uint8Array): DnsMessage | null | undefined {
  if (payload.length < HEADER_BYTES) return undefined
  const questions = (payload[4] as number) * 256 + (payload[5] as number)
  // None is in some answers that say no; more than one nobody asks (RFC 9619).
  if (questions > 1) return undefined
  const end = questions === 0 ? HEADER_BYTES : endOfName(payload, HEADER_BYTES) + FIELDS_BYTES
  if (end > payload.length) return undefined
  const addresses = readAddresses(payload, end)
  return addresses === null ? undefined : decodeHead(payload.subarray(0, end), addresses)
}

/** @param head header and question */
function decodeHead(head: Uint8Array, addresses: readonly Uint8Array[]): DnsMessage | null | undefined {
  // Without its records: pointers of their names may lead through the whole packet, each of them.
  const copy = Buffer.from(head)
  copy.fill(0, RECORD_COUNTS, HEADER_BYTES)
  try {
    const { id = 0, type, questions } = decode(copy)
    const [question] = questions ?? []
    if (question?.class !== 'IN' || (question.type !== 'A' && question.type !== 'AAAA')) return null
    const isAnswer = type === 'response'
    return {
      id,
      isAnswer,
      name: normalizeName(question.name),
      queryType: QUERY_TYPES[question.type],
      rcode: isAnswer ? (head[3] as number) & RCODE_BITS : 0,
      addresses: isAnswer ? addresses : [],
    }
  } catch {
    // A pointer that does not go backwards, or a name of over 254 bytes.
    return undefined
  }
}

/** The letters of ASCII have no case in names, and others do (RFC 4343). A NUL would end the text for some readers. */
export function normalizeName(name: string): string {
  const folded = name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()).replaceAll('\0', '\u{fffd}')
  return folded.length > 1 && folded.endsWith('.') ? folded.slice(0, -1) : folded
}
