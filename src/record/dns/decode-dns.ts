import { decode } from 'dns-packet'
import { decodeBytes } from '../../attempt/byte-text.js'
import { QUERY_TYPES, type DnsMessage } from './dns-message.js'
import { DNS_HEADER_BYTES, LONGEST_LABEL, endOfName, readAddresses } from './read-addresses.js'

/** Type and class of a question (RFC 1035, 4.1.2). */
const FIELDS_BYTES = 4
/** Offset of the record counts in the header, after the question count. */
const RECORD_COUNTS = 6
const RCODE_BITS = 15
/** Flags in the third byte of the header: response, and truncated. */
const [QR, TC] = [0x80, 2]
/** A final dot that is not part of a label, i.e. not escaped by a backslash. */
const FINAL_DOT = /(?<=(?:^|[^\\])(?:\\\\)*)\.$/

/**
 * Decodes the payload of a UDP packet. The packet is untrusted: decoding is linear in its length.
 * @param isCut whether the payload is truncated
 * @returns `null` for a question without addresses, `undefined` for a malformed packet. A truncated payload or answer
 * is valid if its question is complete
 */
export function decodeDns(payload: Uint8Array, isCut = false): DnsMessage | null | undefined {
  if (payload.length < DNS_HEADER_BYTES) return undefined
  const questions = (payload[4] as number) * 256 + (payload[5] as number)
  // Some negative answers have no question. More than one is not used (RFC 9619).
  if (questions > 1) return undefined
  const end = questions === 0 ? DNS_HEADER_BYTES : endOfName(payload, DNS_HEADER_BYTES) + FIELDS_BYTES
  if (end > payload.length) return undefined
  const { addresses, isWhole } = readAddresses(payload, end)
  // Some servers omit all records but keep their counts; others truncate the packet within a record.
  return isWhole || isCut || isTruncated(payload) ? decodeHead(payload.subarray(0, end), addresses) : undefined
}

function isTruncated(packet: Uint8Array): boolean {
  return ((packet[2] as number) & (QR | TC)) === (QR | TC)
}

/** @param head header and question */
function decodeHead(head: Uint8Array, addresses: readonly Uint8Array[]): DnsMessage | null | undefined {
  // Without the records: each of their names can contain pointers through the whole packet.
  const copy = Buffer.from(head)
  copy.fill(0, RECORD_COUNTS, DNS_HEADER_BYTES)
  try {
    // Rejects invalid names. It decodes labels as UTF-8, which maps different names to the same text.
    const { id = 0, type, questions } = decode(copy)
    const [question] = questions ?? []
    if (question?.class !== 'IN' || (question.type !== 'A' && question.type !== 'AAAA')) return null
    const name = readName(head)
    if (name === undefined) return undefined
    const isAnswer = type === 'response'
    return {
      id,
      isAnswer,
      name: foldCase(name),
      queryType: QUERY_TYPES[question.type],
      rcode: isAnswer ? (head[3] as number) & RCODE_BITS : 0,
      isTruncated: isTruncated(head),
      addresses: isAnswer ? addresses : [],
    }
  } catch {
    // A pointer that does not point backwards, or a name longer than 254 bytes.
    return undefined
  }
}

/**
 * The name of the question as in zone files (RFC 1035, 5.1), with bytes as in `decodeBytes`.
 * @returns `undefined` for a name with a pointer: no name precedes it
 */
function readName(head: Uint8Array): string | undefined {
  const labels: string[] = []
  for (let at = DNS_HEADER_BYTES; head[at] !== 0;) {
    const length = head[at] ?? Infinity
    if (length > LONGEST_LABEL) return undefined
    const label = Buffer.from(head.subarray(at + 1, at + 1 + length)).toString('latin1')
    // Some readers end the text at a NUL.
    labels.push(label.replaceAll(/[.\\]/g, String.raw`\$&`).replaceAll('\0', String.raw`\000`))
    at += 1 + length
  }
  return labels.length === 0 ? '.' : decodeBytes(Buffer.from(labels.join('.'), 'latin1'))
}

/** A name passed to libc: in any case, with or without the final dot. */
export function normalizeName(name: string): string {
  return name === '.' ? name : foldCase(name).replace(FINAL_DOT, '')
}

/** Only ASCII letters are case-insensitive in names (RFC 4343). */
function foldCase(name: string): string {
  return name.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
