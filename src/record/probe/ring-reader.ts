import { createProcessTable, type PendingKeys, type ProcessTable } from '../event/process-table.js'
import { connectEvent, processEvent } from '../event/wire.gen.js'
import { recordBytes, type RingBuffer } from './ring-buffer.js'

/** Size of an attempt in the ring, with its header. */
export const ATTEMPT_BYTES = recordBytes(connectEvent.size_bytes)

/**
 * Consumer of the probe's ring `events`. Records of processes precede their first attempt; the reader handles them
 * itself.
 */
export interface RingReader {
  /** The ring's data. Fields of an event are at the offset from `peek` plus the offsets of wire.gen.ts. */
  readonly words: Uint32Array
  readonly bytes: Uint8Array
  readonly processes: ProcessTable
  readonly sizeBytes: number
  /** Unread bytes. */
  pendingBytes(): number
  /**
   * Calls `take` with the byte offset of each committed attempt, oldest first, at most `limit` times and within the
   * first `withinBytes`, and returns their number. Stops at an uncommitted record. The events stay in the ring.
   */
  peek(take: (byteOffset: number) => void, limit: number, withinBytes?: number): number
  /** Calls `take` again for each attempt of the last `peek`. Call before `release`. */
  peekAgain(take: (byteOffset: number) => void): void
  /**
   * Releases the records of the last `peek` to the kernel, and returns their size in bytes. Offsets of these events are
   * invalid afterwards.
   */
  release(): number
  /** Reads the processes that are in the ring. Call before reading the map of pending attempts. */
  learnProcesses(): void
  /**
   * Removes processes without attempts, after the current contents of the ring are released.
   * @param readPending reads the keys of the pending attempts
   */
  forgetProcesses(readPending: () => PendingKeys): void
  close(): void
}

export function createRingReader(ring: RingBuffer): RingReader {
  const { words, bytes, sizeBytes } = ring
  const processes = createProcessTable()
  let peekedBytes = 0
  /** Position in the ring from which no record refers to the marked processes. */
  let forgetAt: bigint | null = null
  const forget = () => {
    forgetAt = null
    processes.dropMarked()
  }
  return {
    words,
    bytes,
    processes,
    sizeBytes,
    pendingBytes: ring.pendingBytes,
    peek(take, limit, withinBytes) {
      if (forgetAt !== null && ring.positions().released >= forgetAt) forget()
      let count = 0
      const visit = (byteOffset: number, lengthBytes: number): boolean => {
        if (lengthBytes === connectEvent.size_bytes) {
          take(byteOffset)
          return ++count < limit
        }
        if (lengthBytes === processEvent.size_bytes) processes.add(words, bytes, byteOffset)
        return true
      }
      peekedBytes = limit > 0 ? ring.peek(visit, withinBytes) : 0
      return count
    },
    peekAgain(take) {
      ring.peek((byteOffset, lengthBytes) => {
        if (lengthBytes === connectEvent.size_bytes) take(byteOffset)
        return true
      }, peekedBytes)
    },
    release() {
      const givenBytes = peekedBytes
      peekedBytes = 0
      ring.release(givenBytes)
      return givenBytes
    },
    learnProcesses() {
      ring.peekBeyond((byteOffset, lengthBytes) => {
        if (lengthBytes === processEvent.size_bytes) processes.add(words, bytes, byteOffset)
      })
    },
    forgetProcesses(readPending) {
      processes.mark(readPending)
      forgetAt = ring.positions().reserved
    },
    close: ring.close,
  }
}
