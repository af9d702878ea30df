import type { MetadataRing } from '../../../src/record/probe/metadata-ring.js'
import { metadataEvent as at, metadataKind, resolvedName } from '../../../src/record/event/wire.gen.js'
import { parseAddress } from '../../../src/attempt/address.js'

/** The header of a record, as the probe writes it. */
export interface RecordHead {
  readonly seenNs?: bigint
  readonly cgroupId?: bigint
  readonly socketCookie?: bigint
  readonly netns?: number
  readonly netnsCookie?: bigint
  readonly isCut?: boolean
}

/** A record of the metadata ring, followed by bytes that do not belong to it. */
export function makeRecord(kind: keyof typeof metadataKind, payload: Uint8Array, head: RecordHead = {}): DataView {
  const bytes = new Uint8Array(at.size_bytes + payload.length + 64).fill(0xee)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(at.seen_ns, head.seenNs ?? 0n, true)
  view.setBigUint64(at.cgroup_id, head.cgroupId ?? 77n, true)
  view.setBigUint64(at.socket_cookie, head.socketCookie ?? 5n, true)
  view.setUint32(at.netns, head.netns ?? 10, true)
  view.setBigUint64(at.netns_cookie, head.netnsCookie ?? 0n, true)
  view.setUint8(at.kind, metadataKind[kind])
  view.setUint8(at.is_cut, head.isCut ? 1 : 0)
  view.setUint16(at.payload_bytes, payload.length, true)
  bytes.set(payload, at.size_bytes)
  return view
}

export interface ResolvedFields {
  readonly startedNs?: bigint
  readonly error?: number
  readonly name?: string
  /** `null`: the probe could not read it */
  readonly addresses?: readonly (string | null)[]
}

/** struct resolved_name */
export function makeResolved({
  startedNs = 0n,
  error = 0,
  name = 'a.example',
  addresses = [],
}: ResolvedFields): Uint8Array {
  const bytes = new Uint8Array(resolvedName.size_bytes)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(resolvedName.started_ns, startedNs, true)
  view.setInt32(resolvedName.error, error, true)
  view.setUint32(resolvedName.address_count, addresses.length, true)
  bytes.set(Buffer.from(name), resolvedName.name)
  addresses.forEach((address, i) => {
    if (address !== null) bytes.set(parseAddress(address) as Uint8Array, resolvedName.addresses + 16 * i)
  })
  return bytes
}

/** A ring of the records pushed to `records`. It overwrites records that were read, as the kernel does. */
export interface FakeRing extends MetadataRing {
  readonly records: DataView[]
  /** Number of further reads that find the next record not committed yet. */
  busyReads: number
}

export function createFakeRing(): FakeRing {
  const records: DataView[] = []
  let isBusy = false
  return {
    records,
    busyReads: 0,
    isBusy: () => isBusy,
    read(take, limit) {
      isBusy = this.busyReads > 0
      if (isBusy) this.busyReads--
      if (isBusy) return 0
      const read = records.splice(0, limit)
      for (const record of read) {
        take(record)
        new Uint8Array(record.buffer).fill(0xff)
      }
      return read.length
    },
    close() {},
  }
}
