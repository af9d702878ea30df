import { createProcessTable, type PendingKeys, type ProcessTable } from '../decode/process-table.js'
import { mapMemory, PAGE_BYTES } from './memory.js'
import { connectEvent, processEvent } from './wire.gen.js'

export const HEADER_BYTES = 8
export const BUSY = 0x80000000
export const DISCARDED = 0x40000000

/** Bytes of an attempt in the ring, with its header. */
export const ATTEMPT_BYTES = recordBytes(connectEvent.size_bytes)

/**
 * Consumer of the probe's ring of attempts, over the kernel's own memory: no system call, no copy. Between the attempts
 * stand the processes that made them, each before its first attempt; the reader takes these up itself.
 * Layout and protocol: kernel/bpf/ringbuf.c. One consumer per ring.
 */
export interface RingReader {
  /** The ring's data. An event's fields are at the offset that `peek` gives, plus those of wire.gen.ts. */
  readonly words: Uint32Array
  readonly bytes: Uint8Array
  readonly processes: ProcessTable
  readonly sizeBytes: number
  /** Bytes that wait to be read. */
  pendingBytes(): number
  /**
   * Calls `take` with the byte offset of each committed attempt, oldest first, at most `limit` times and within the first
   * `withinBytes`, and returns how many there were. Ends at a record that the kernel has not committed yet. The events
   * stay in the ring.
   */
  peek(take: (byteOffset: number) => void, limit: number, withinBytes?: number): number
  /**
   * Gives what the last `peek` passed back to the kernel, and returns how many bytes that were. Offsets of those events
   * are void from here on.
   */
  release(): number
  /** Takes up the processes that are in the ring by now. Whoever reads the map of pending attempts has to do so after it. */
  learnProcesses(): void
  /**
   * Forgets processes that are of no use any more, once what is in the ring by then was released.
   * @param readPending reads the keys of the pending attempts
   */
  forgetProcesses(readPending: () => PendingKeys): void
  close(): void
}

/**
 * Maps the ring behind `fd`.
 * @param sizeBytes the ring's max_entries: a power of two, at least a page
 */
export function openRing(fd: number, sizeBytes: number): RingReader {
  const consumerPage = mapMemory(fd, 'write', 0, PAGE_BYTES)
  // The kernel maps the data twice in a row, so that no record wraps.
  const producerPages = mapMemory(fd, 'read', PAGE_BYTES, PAGE_BYTES + 2 * sizeBytes)
  const positions = {
    consumer: new BigUint64Array(consumerPage.buffer, 0, 1),
    producer: new BigUint64Array(producerPages.buffer, 0, 1),
  }
  const close = () => {
    consumerPage.unmap()
    producerPages.unmap()
  }
  return { ...createRingReader(positions, producerPages.buffer, PAGE_BYTES), close }
}

/** The protocol over any memory that holds the ring's data twice, for the mapped ring and for recorded bytes. */
export function createRingReader(
  { consumer, producer }: { readonly consumer: BigUint64Array; readonly producer: BigUint64Array },
  buffer: ArrayBuffer,
  dataOffset: number,
): RingReader {
  const words = new Uint32Array(buffer, dataOffset)
  const bytes = new Uint8Array(buffer, dataOffset)
  const headers = new Int32Array(buffer, dataOffset)
  const sizeBytes = words.byteLength / 2
  const mask = BigInt(sizeBytes - 1)
  const processes = createProcessTable()
  // The 64-bit positions only ever matter by their difference and their low bits.
  let released = Atomics.load(consumer, 0)
  let peeked = 0
  /** Position from which on nothing refers to the marked processes. */
  let forgetAt: bigint | null = null
  const pendingBytes = () => Number(Atomics.load(producer, 0) - released)
  const learn = createLearner({ words, bytes, headers, processes })
  const forget = () => {
    forgetAt = null
    processes.dropMarked()
  }
  const peek: RingReader['peek'] = (take, limit, withinBytes = Infinity) => {
    // Not in release: what was given back may be read from a copy until now.
    if (forgetAt !== null && released >= forgetAt) forget()
    const available = Math.min(pendingBytes(), withinBytes)
    const start = Number(released & mask)
    let count = 0
    for (peeked = 0; peeked < available && count < limit;) {
      const offset = (start + peeked) % sizeBytes
      const header = Atomics.load(headers, offset >> 2)
      if (header & BUSY) break
      peeked += recordBytes(header & ~DISCARDED)
      if (header === connectEvent.size_bytes) {
        take(offset + HEADER_BYTES)
        count++
      } else if (header === processEvent.size_bytes) {
        processes.add(words, bytes, offset + HEADER_BYTES)
      }
    }
    return count
  }
  const view = { words, bytes, processes, sizeBytes }
  return {
    ...view,
    pendingBytes,
    peek,
    learnProcesses: () => learn(pendingBytes(), Number(released & mask)),
    release() {
      const given = peeked
      released += BigInt(given)
      peeked = 0
      Atomics.store(consumer, 0, released)
      return given
    },
    forgetProcesses(readPending) {
      processes.mark(readPending)
      forgetAt = Atomics.load(producer, 0)
    },
    close: () => {},
  }
}

/** Adds the committed processes among the first bytes of a ring; records that are not committed are passed over. */
function createLearner(ring: {
  readonly words: Uint32Array
  readonly bytes: Uint8Array
  readonly headers: Int32Array
  readonly processes: ProcessTable
}): (availableBytes: number, start: number) => void {
  return (availableBytes, start) => {
    for (let passed = 0; passed < availableBytes;) {
      const offset = (start + passed) % (ring.bytes.length / 2)
      const header = Atomics.load(ring.headers, offset >> 2)
      if (header === processEvent.size_bytes) ring.processes.add(ring.words, ring.bytes, offset + HEADER_BYTES)
      passed += recordBytes(header & ~(BUSY | DISCARDED))
    }
  }
}

/** Records begin at multiples of 8. */
function recordBytes(lengthBytes: number): number {
  return (HEADER_BYTES + lengthBytes + 7) & ~7
}
