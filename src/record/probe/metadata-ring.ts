import type { RingBuffer } from './ring-buffer.js'

/** Consumer of the probe's ring `metadata`: records of struct metadata_event and a payload of variable length. */
export interface MetadataRing {
  /**
   * Calls `take` with each committed record, oldest first, at most `limit` times (at least 1), and then releases all of
   * them to the kernel: `take` must copy what it keeps. @returns number of records
   */
  read(take: (record: DataView) => void, limit: number): number
  /** Whether the oldest record is uncommitted: nothing after it can be read. */
  isBusy(): boolean
  close(): void
}

export function createMetadataRing(ring: RingBuffer): MetadataRing {
  const { buffer, byteOffset: dataOffset } = ring.bytes
  return {
    read(take, limit) {
      let count = 0
      const passedBytes = ring.peek((byteOffset, lengthBytes) => {
        take(new DataView(buffer, dataOffset + byteOffset, lengthBytes))
        return ++count < limit
      })
      ring.release(passedBytes)
      return count
    },
    isBusy: ring.isBusy,
    close: ring.close,
  }
}
