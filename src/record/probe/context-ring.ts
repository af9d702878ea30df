import { mapMemory, PAGE_BYTES } from './memory.js'
import { BUSY, DISCARDED, HEADER_BYTES } from './ring-reader.js'

/**
 * Consumer of a BPF ring buffer of records that have any length: struct context_event and a payload each. One consumer
 * per ring.
 */
export interface ContextRing {
  /**
   * Calls `take` with each committed record, oldest first, at most `limit` times, and gives it back to the kernel
   * afterwards: what `take` keeps of it has to be a copy. @returns how many there were
   */
  read(take: (record: DataView) => void, limit: number): number
  /** Whether the last `read` ended at a record that was not committed yet: what is behind it could not be read either. */
  endedBusy(): boolean
  close(): void
}

/**
 * Maps the ring behind `fd`.
 * @param sizeBytes the ring's max_entries: a power of two, at least a page
 */
export function openContextRing(fd: number, sizeBytes: number): ContextRing {
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
  return { ...createContextRing(positions, producerPages.buffer, PAGE_BYTES), close }
}

/** The protocol over any memory that holds the ring's data twice. */
export function createContextRing(
  { consumer, producer }: { readonly consumer: BigUint64Array; readonly producer: BigUint64Array },
  buffer: ArrayBuffer,
  dataOffset: number,
): ContextRing {
  const headers = new Int32Array(buffer, dataOffset)
  const mask = BigInt(headers.byteLength / 2 - 1)
  let position = Atomics.load(consumer, 0)
  let isBusy = false
  return {
    read(take, limit) {
      let count = 0
      isBusy = false
      while (count < limit && position < Atomics.load(producer, 0)) {
        const at = Number(position & mask)
        const header = Atomics.load(headers, at >> 2)
        isBusy = (header & BUSY) !== 0
        if (isBusy) break
        const length = header & ~DISCARDED
        if (!(header & DISCARDED)) {
          take(new DataView(buffer, dataOffset + at + HEADER_BYTES, length))
          count++
        }
        // Records begin at multiples of 8.
        position += BigInt((HEADER_BYTES + length + 7) & ~7)
        Atomics.store(consumer, 0, position)
      }
      return count
    },
    endedBusy: () => isBusy,
    close() {},
  }
}
