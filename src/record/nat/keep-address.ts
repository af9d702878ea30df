import { metadataEvent as at, metadataKind } from '../event/wire.gen.js'
import type { NatRecords } from './find-addresses.js'

/** @param kind of a record of the metadata ring */
export function isAddressRecord(kind: number): boolean {
  return kind === metadataKind.translation || kind === metadataKind.asked_address
}

/** Adds a record of the metadata ring. Its payload is aligned: records begin at 8 bytes, and their head has 40. */
export function keepAddress(records: NatRecords | null, record: DataView, epochNs: bigint): void {
  if (records === null) return
  const length = record.getUint16(at.payload_bytes, true) >> 2
  const payload = new Uint32Array(record.buffer, record.byteOffset + at.size_bytes, length)
  const seenNs = Number(record.getBigUint64(at.seen_ns, true) - epochNs)
  if (record.getUint8(at.kind) === metadataKind.asked_address) return records.asked.add(seenNs, payload)
  const netns = { inode: record.getUint32(at.netns, true), cookie: Number(record.getBigUint64(at.netns_cookie, true)) }
  records.translations.add(seenNs, netns, payload)
}
