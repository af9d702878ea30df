import { readText } from './event-memory.js'
import { metadataEvent as at } from './wire.gen.js'

/** A new cgroup, and its path from the root of cgroup v2. */
export interface NewCgroup {
  readonly id: bigint
  readonly path: string
}

/** Reads a record of the kind cgroup_made. @returns `null` if the probe could not send the path */
export function readNewCgroup(record: DataView): NewCgroup | null {
  const length = record.getUint16(at.payload_bytes, true)
  if (length === 0) return null
  const payload = new Uint8Array(record.buffer, record.byteOffset + at.size_bytes, length)
  return { id: record.getBigUint64(at.cgroup_id, true), path: readText(payload, 0, length) }
}
