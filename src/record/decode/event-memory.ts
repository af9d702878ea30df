import type { ProcessTable } from './process-table.js'

/** Memory that events are decoded from: the ring's, or a copy of the probe's map entries. */
export interface EventMemory {
  readonly words: Uint32Array
  readonly bytes: Uint8Array
  /** What the process keys of the events stand for */
  readonly processes: ProcessTable
}
