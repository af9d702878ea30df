import { createRingBuffer, DISCARDED, RING_HEADER_BYTES } from '../../../src/record/probe/ring-buffer.js'
import { createRingReader, type RingReader } from '../../../src/record/probe/ring-reader.js'

/** Bytes before the data: the page with the producer's position, as in the kernel's ring. */
const DATA_OFFSET = 64

/** A ring in plain memory, with the kernel's half of the protocol (kernel/bpf/ringbuf.c). */
export interface MemoryRing {
  readonly reader: RingReader
  readonly positions: { readonly consumer: BigUint64Array; readonly producer: BigUint64Array }
  /**
   * Appends a record.
   * @param flags BUSY or DISCARDED
   * @returns its position, `null` if the ring is full
   */
  append(record: Uint8Array, flags?: number): bigint | null
  /** Commits a record that was appended with BUSY. */
  commit(position: bigint, flags?: number): void
}

/**
 * Creates an empty ring.
 * @param sizeBytes a power of two
 * @param startAt position of its first record, a multiple of 8
 */
export function createMemoryRing(sizeBytes: number, startAt = 0n): MemoryRing {
  // The kernel maps the data twice in a row. Here, the part of a record beyond the end is written twice.
  const buffer = new ArrayBuffer(DATA_OFFSET + 2 * sizeBytes)
  const [headers, bytes] = [new Uint32Array(buffer, DATA_OFFSET), new Uint8Array(buffer, DATA_OFFSET)]
  const positions = { consumer: BigUint64Array.of(startAt), producer: BigUint64Array.of(startAt) }
  const placeOf = (position: bigint) => Number(position % BigInt(sizeBytes))
  return {
    reader: createRingReader(createRingBuffer(positions, buffer, DATA_OFFSET)),
    positions,
    append(record, flags = 0) {
      const position = positions.producer[0] as bigint
      const end = position + BigInt(roundUp(RING_HEADER_BYTES + record.length))
      if (end - (positions.consumer[0] as bigint) > BigInt(sizeBytes)) return null
      const at = placeOf(position)
      headers[at / 4] = record.length | flags
      bytes.set(record, at + RING_HEADER_BYTES)
      const beyond = at + RING_HEADER_BYTES + record.length - sizeBytes
      if (beyond > 0) bytes.copyWithin(0, sizeBytes, sizeBytes + beyond)
      positions.producer[0] = end
      return position
    },
    commit(position, flags = 0) {
      const word = placeOf(position) / 4
      headers[word] = ((headers[word] as number) & LENGTH_BITS) | (flags & DISCARDED)
    },
  }
}

/** The upper two bits are BUSY and DISCARDED. */
const LENGTH_BITS = 0x3fffffff

/** Records begin at multiples of 8. */
function roundUp(lengthBytes: number): number {
  return Math.ceil(lengthBytes / 8) * 8
}
