import { mapMemory, PAGE_BYTES } from '../native/memory.js'

/** Bytes before each record. */
export const RING_HEADER_BYTES = 8
/** Header bits next to the record length: uncommitted; discarded by the probe. */
export const BUSY = 0x80000000
export const DISCARDED = 0x40000000

/**
 * Consumer of a BPF ring buffer in the kernel's own memory: no system call, no copy. One consumer per ring. Layout and
 * protocol: kernel/bpf/ringbuf.c. A record has a header of 8 bytes, whose first word contains the record length and two
 * bits. Records are aligned to 8 bytes. The kernel maps the data twice in a row, so that no record wraps:
 *
 *   consumer page | producer page | data                        | data again
 *                                   hdr record  hdr record  …
 */
export interface RingBuffer {
  readonly words: Uint32Array
  readonly bytes: Uint8Array
  readonly sizeBytes: number
  /** Bytes reserved by the kernel and not yet released. */
  pendingBytes(): number
  /**
   * Calls `visit` with byte offset and length of each committed record, oldest first, until it returns false. Stops at
   * an uncommitted record. The records stay in the ring.
   * @param withinBytes maximum distance
   * @returns bytes passed, including discarded records
   */
  peek(visit: (byteOffset: number, lengthBytes: number) => boolean, withinBytes?: number): number
  /** Like `peek`, but skips uncommitted records. */
  peekBeyond(visit: (byteOffset: number, lengthBytes: number) => void): void
  /** Releases the first `passedBytes` to the kernel. Offsets into them are invalid afterwards. */
  release(passedBytes: number): void
  /** Total bytes released by the consumer, and reserved by the kernel. */
  positions(): { readonly released: bigint; readonly reserved: bigint }
  /** Whether the oldest record is uncommitted. */
  isBusy(): boolean
  close(): void
}

/** The first word of the consumer's page, the first of the producer's. */
export interface RingPositions {
  readonly consumer: BigUint64Array
  readonly producer: BigUint64Array
}

/**
 * Maps the ring behind `fd`.
 * @param sizeBytes the ring's max_entries: a power of two, at least a page
 */
export function openRingBuffer(fd: number, sizeBytes: number): RingBuffer {
  const consumerPage = mapMemory(fd, 'write', 0, PAGE_BYTES)
  const producerPages = mapMemory(fd, 'read', PAGE_BYTES, PAGE_BYTES + 2 * sizeBytes)
  const positions = {
    consumer: new BigUint64Array(consumerPage.buffer, 0, 1),
    producer: new BigUint64Array(producerPages.buffer, 0, 1),
  }
  const close = () => {
    consumerPage.unmap()
    producerPages.unmap()
  }
  return { ...createRingBuffer(positions, producerPages.buffer, PAGE_BYTES), close }
}

/** The protocol on any memory that contains the ring's data twice: the mapped ring, or recorded bytes. */
export function createRingBuffer(
  { consumer, producer }: RingPositions,
  buffer: ArrayBuffer,
  dataOffset: number,
): RingBuffer {
  const words = new Uint32Array(buffer, dataOffset)
  const headers = new Int32Array(buffer, dataOffset)
  const sizeBytes = words.byteLength / 2
  const mask = BigInt(sizeBytes - 1)
  // Only the difference and the low bits of the 64-bit positions matter.
  let released = Atomics.load(consumer, 0)
  let start = Number(released & mask)
  const pendingBytes = () => Number(Atomics.load(producer, 0) - released)
  return {
    words,
    bytes: new Uint8Array(buffer, dataOffset),
    sizeBytes,
    pendingBytes,
    peek(visit, withinBytes = Infinity) {
      const availableBytes = Math.min(pendingBytes(), withinBytes)
      let passed = 0
      while (passed < availableBytes) {
        const offset = (start + passed) % sizeBytes
        const header = Atomics.load(headers, offset >> 2)
        if (header & BUSY) break
        if (header & DISCARDED) passed += recordBytes(header & ~DISCARDED)
        else {
          passed += recordBytes(header)
          if (!visit(offset + RING_HEADER_BYTES, header)) break
        }
      }
      return passed
    },
    peekBeyond(visit) {
      const availableBytes = pendingBytes()
      for (let passed = 0; passed < availableBytes;) {
        const offset = (start + passed) % sizeBytes
        const header = Atomics.load(headers, offset >> 2)
        if ((header & (BUSY | DISCARDED)) === 0) visit(offset + RING_HEADER_BYTES, header)
        passed += recordBytes(header & ~(BUSY | DISCARDED))
      }
    },
    release(passedBytes) {
      released += BigInt(passedBytes)
      start = Number(released & mask)
      Atomics.store(consumer, 0, released)
    },
    positions: () => ({ released, reserved: Atomics.load(producer, 0) }),
    isBusy: () => pendingBytes() > 0 && (Atomics.load(headers, start >> 2) & BUSY) !== 0,
    close: () => {},
  }
}

/** Size of a record in the ring. */
export function recordBytes(lengthBytes: number): number {
  return (RING_HEADER_BYTES + lengthBytes + 7) & ~7
}
