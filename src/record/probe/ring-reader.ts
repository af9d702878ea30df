import { mapMemory, PAGE_BYTES } from './memory.js'
import { connectEvent } from './wire.gen.js'

export const HEADER_BYTES = 8
export const BUSY = 0x80000000
export const DISCARDED = 0x40000000

/** Bytes of one record with its header: a power of two, so that no record wraps around the end of the ring. */
export const RECORD_BYTES = HEADER_BYTES + connectEvent.size_bytes

/**
 * Consumer of a BPF ring buffer of `connect_event`s, over the kernel's own memory: no system call, no copy.
 * Layout and protocol: kernel/bpf/ringbuf.c. One consumer per ring.
 */
export interface RingReader {
  /** The ring's data. An event's fields are at the offset that `read` gives, plus those of wire.gen.ts. */
  readonly words: Uint32Array
  readonly bytes: Uint8Array
  readonly sizeBytes: number
  /** Bytes that wait to be read. */
  pendingBytes(): number
  /**
   * Calls `take` with the byte offset of each committed event, oldest first, at most `limit` times, and returns how
   * many there were. Ends at a record that the kernel has not committed yet. The events stay in the ring.
   */
  peek(take: (byteOffset: number) => void, limit: number): number
  /** Gives what the last `peek` passed back to the kernel. Offsets of those events are void from here on. */
  release(): void
  close(): void
}

/**
 * Maps the ring behind `fd`.
 * @param sizeBytes the ring's max_entries: a power of two, at least a page
 */
export function openRing(fd: number, sizeBytes: number): RingReader {
  const consumerPage = mapMemory(fd, 'write', 0, PAGE_BYTES)
  // The kernel maps the data twice in a row for records that wrap. Ours never do: once is enough, and half as resident.
  const producerPages = mapMemory(fd, 'read', PAGE_BYTES, PAGE_BYTES + sizeBytes)
  const consumer = new BigUint64Array(consumerPage.buffer, 0, 1)
  const producer = new BigUint64Array(producerPages.buffer, 0, 1)
  const close = () => {
    consumerPage.unmap()
    producerPages.unmap()
  }
  return { ...createRingReader(consumer, producer, producerPages.buffer, PAGE_BYTES), close }
}

/** The protocol over any memory, for the mapped ring and for recorded bytes. */
export function createRingReader(
  consumer: BigUint64Array,
  producer: BigUint64Array,
  buffer: ArrayBuffer,
  dataOffset: number,
): RingReader {
  const words = new Uint32Array(buffer, dataOffset)
  const headers = new Int32Array(buffer, dataOffset)
  const sizeBytes = words.byteLength
  const mask = sizeBytes - 1
  // The 64-bit positions only ever matter by their difference and their low bits.
  let released = Atomics.load(consumer, 0)
  let peeked = 0

  const pendingBytes = () => Number(Atomics.load(producer, 0) - released)
  const peek = (take: (byteOffset: number) => void, limit: number) => {
    const available = pendingBytes()
    const start = Number(released & BigInt(mask))
    let count = 0
    for (peeked = 0; peeked < available && count < limit; peeked += RECORD_BYTES) {
      const offset = (start + peeked) & mask
      const header = Atomics.load(headers, offset >> 2)
      if (header & BUSY) break
      if (header & DISCARDED) continue
      take(offset + HEADER_BYTES)
      count++
    }
    return count
  }
  const release = () => {
    released += BigInt(peeked)
    peeked = 0
    Atomics.store(consumer, 0, released)
  }
  return { words, bytes: new Uint8Array(buffer, dataOffset), sizeBytes, pendingBytes, peek, release, close: () => {} }
}
