import type { ProcessTable } from './process-table.js'
import { decodeBytes } from '../../attempt/byte-text.js'

/** Memory that contains events: the ring, or a copy of the probe's map entries. */
export interface EventMemory {
  readonly words: Uint32Array
  readonly bytes: Uint8Array
  /** Resolves the process keys of the events */
  readonly processes: ProcessTable
}

/** Bytes up to the first NUL, at most `lengthBytes`, decoded by `decodeBytes`. */
export function readText(bytes: Uint8Array, from: number, lengthBytes: number): string {
  const end = bytes.indexOf(0, from)
  const limit = end === -1 || end > from + lengthBytes ? from + lengthBytes : end
  return decodeBytes(bytes.subarray(from, limit))
}
