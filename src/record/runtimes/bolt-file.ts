/** bbolt, db.go and page.go: little-endian on all machines that tcpconn runs on. */
const META = { magic: 0xed0c_daed, version: 2 }
const [PAGE_HEADER_BYTES, ELEMENT_BYTES, BUCKET_BYTES] = [16, 16, 16]
const FLAG = { branch: 1, leaf: 2 } as const
const IS_BUCKET = 1
/**
 * Limits of what is visited, whatever the file says. Elements of a file of bbolt do not overlap: all together they have no
 * more bytes than the file.
 */
const MAX_ELEMENTS = 65_536
const MAX_DEPTH = 16
/** Longer than names of networks, ids of containers, and addresses. */
const MAX_KEY_BYTES = 256

/** A bucket of a file of bbolt, with all buckets in it. */
export interface BoltBucket {
  readonly values: ReadonlyMap<string, Buffer>
  readonly buckets: ReadonlyMap<string, BoltBucket>
}

interface Visit {
  readonly file: Buffer
  readonly pageBytes: number
  elements: number
  /** Of keys and values that are taken */
  bytes: number
}

/**
 * Reads the newest committed state of a database of bbolt (go.etcd.io/bbolt).
 * @param file all of it
 * @returns `null` for anything else, and for a file whose elements overlap or are too many
 */
export function readBolt(file: Buffer): BoltBucket | null {
  try {
    const newest = findMetas(file).toSorted((a, b) => Number(b.transaction - a.transaction))[0]
    if (newest === undefined) return null
    return readBucket({ file, pageBytes: newest.pageBytes, elements: 0, bytes: 0 }, newest.root, 0)
  } catch (error) {
    // An offset outside of the file, or a limit.
    if (error instanceof RangeError) return null
    throw error
  }
}

interface Meta {
  readonly pageBytes: number
  /** Page of the root bucket */
  readonly root: number
  readonly transaction: bigint
}

/** The file has two, of which one may be half written. The second is at the page size of the writing machine. */
function findMetas(file: Buffer): Meta[] {
  return [0, 4096, 16_384, 65_536].flatMap((page) => {
    const at = page + PAGE_HEADER_BYTES
    if (at + 64 > file.length) return []
    const isMeta = file.readUInt32LE(at) === META.magic && file.readUInt32LE(at + 4) === META.version
    if (!isMeta || file.readBigUInt64LE(at + 56) !== fnv1a(file.subarray(at, at + 56))) return []
    return [
      {
        pageBytes: file.readUInt32LE(at + 8),
        root: Number(file.readBigUInt64LE(at + 16)),
        transaction: file.readBigUInt64LE(at + 48),
      },
    ]
  })
}

/** Fowler–Noll–Vo hash 1a, 64 bits. */
function fnv1a(bytes: Buffer): bigint {
  let hash = 0xcbf2_9ce4_8422_2325n
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100_0000_01b3n)
  return hash
}

function readBucket(visit: Visit, page: number, depth: number): BoltBucket {
  return readElements(visit, page * visit.pageBytes, depth, { values: new Map(), buckets: new Map() })
}

interface OpenBucket extends BoltBucket {
  readonly values: Map<string, Buffer>
  readonly buckets: Map<string, BoltBucket>
}

/** Adds the elements of the page at a byte offset, and of the pages below it. */
function readElements(visit: Visit, from: number, depth: number, bucket: OpenBucket): OpenBucket {
  const { file, pageBytes } = visit
  const [flags, count] = [file.readUInt16LE(from + 8), file.readUInt16LE(from + 10)]
  if (depth > MAX_DEPTH || (flags & (FLAG.branch | FLAG.leaf)) === 0) return bucket
  for (let i = 0; i < count; i++) {
    if (++visit.elements > MAX_ELEMENTS) throw new RangeError('too many elements')
    const at = from + PAGE_HEADER_BYTES + i * ELEMENT_BYTES
    if ((flags & FLAG.branch) !== 0) {
      readElements(visit, Number(file.readBigUInt64LE(at + 8)) * pageBytes, depth + 1, bucket)
      continue
    }
    const [kind, offset, keyBytes, valueBytes] = [0, 4, 8, 12].map((field) => file.readUInt32LE(at + field)) as Four
    const keyAt = at + offset
    if (keyBytes > MAX_KEY_BYTES) throw new RangeError('a key is too long')
    // The elements of a small bucket are in its value, and count on their own.
    visit.bytes += keyBytes + ((kind & IS_BUCKET) === 0 ? valueBytes : 0)
    if (visit.bytes > file.length) throw new RangeError('elements overlap')
    const value = file.subarray(keyAt + keyBytes, keyAt + keyBytes + valueBytes)
    const key = file.toString('latin1', keyAt, keyAt + keyBytes)
    if ((kind & IS_BUCKET) === 0) {
      bucket.values.set(key, value)
      continue
    }
    const page = Number(value.readBigUInt64LE(0))
    // A small bucket is a page in the value itself.
    const inlineAt = keyAt + keyBytes + BUCKET_BYTES
    const empty = { values: new Map(), buckets: new Map() }
    bucket.buckets.set(
      key,
      page === 0 ? readElements(visit, inlineAt, depth + 1, empty) : readBucket(visit, page, depth + 1),
    )
  }
  return bucket
}

type Four = [number, number, number, number]
