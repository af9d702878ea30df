const MAGIC = 0xed0c_daed
const PAGE_HEADER_BYTES = 16
const ELEMENT_BYTES = 16
const META_BYTES = 80
const [BRANCH, LEAF] = [1, 2]

/** Values and buckets by key. */
export interface BoltContent {
  readonly [key: string]: string | BoltContent
}

export interface BoltLayout {
  readonly pageBytes: number
  /** A bucket without buckets that is shorter is part of the value of its key. */
  readonly inlineBytes: number
  /** Elements of a leaf; a bucket with more of them has a branch. */
  readonly leafElements: number
}

export interface BoltFile {
  readonly file: Buffer
  /** Page of the root bucket */
  readonly root: number
}

/** A database as bbolt writes it: https://github.com/etcd-io/bbolt, internal/common/page.go, meta.go and inode.go. */
export function makeBolt(content: BoltContent, { pageBytes, inlineBytes, leafElements }: BoltLayout): BoltFile {
  const pages: Buffer[] = []
  let next = Math.ceil(META_BYTES / pageBytes)
  const allocate = (bytes: Buffer): number => {
    const page = next
    const count = Math.ceil(bytes.length / pageBytes)
    pages.push(Buffer.concat([bytes], count * pageBytes))
    next += count
    return page
  }
  const encodeValue = (value: string | BoltContent): Element['value'] => {
    if (typeof value === 'string') return { bytes: Buffer.from(value), isBucket: false }
    const elements = encodeElements(value)
    const leaf = encodeLeaf(elements)
    const isInline = leaf.length < inlineBytes && elements.every((one) => !one.value.isBucket)
    const header = Buffer.alloc(16)
    if (!isInline) header.writeBigUInt64LE(BigInt(allocateBucket(elements)))
    return { bytes: isInline ? Buffer.concat([header, leaf]) : header, isBucket: true }
  }
  const encodeElements = (bucket: BoltContent): Element[] =>
    Object.entries(bucket).map(([key, value]) => ({ key: Buffer.from(key), value: encodeValue(value) }))
  const allocateBucket = (elements: readonly Element[]): number => {
    if (elements.length <= leafElements) return allocate(encodeLeaf(elements))
    const leaves: { key: Buffer; page: number }[] = []
    for (let at = 0; at < elements.length; at += leafElements) {
      const some = elements.slice(at, at + leafElements)
      leaves.push({ key: (some[0] as Element).key, page: allocate(encodeLeaf(some)) })
    }
    return allocate(encodeBranch(leaves))
  }
  const root = allocateBucket(encodeElements(content))
  return { file: Buffer.concat([encodeMeta(pageBytes, root), ...pages]), root }
}

interface Element {
  readonly key: Buffer
  readonly value: { readonly bytes: Buffer; readonly isBucket: boolean }
}

/** The pages of a valid meta page. */
export function encodeMeta(pageBytes: number, root: number): Buffer {
  const page = Buffer.alloc(Math.ceil(META_BYTES / pageBytes) * pageBytes)
  const meta = page.subarray(PAGE_HEADER_BYTES, META_BYTES)
  meta.writeUInt32LE(MAGIC, 0)
  meta.writeUInt32LE(2, 4)
  meta.writeUInt32LE(pageBytes, 8)
  meta.writeBigUInt64LE(BigInt(root), 16)
  meta.writeBigUInt64LE(1n, 48)
  meta.writeBigUInt64LE(fnv1a(meta.subarray(0, 56)), 56)
  return page
}

function encodeLeaf(elements: readonly Element[]): Buffer {
  const data = elements.map(({ key, value }) => Buffer.concat([key, value.bytes]))
  return encodePage(LEAF, data, (element, at, i) => {
    const { key, value } = elements[i] as Element
    element.writeUInt32LE(value.isBucket ? 1 : 0, 0)
    element.writeUInt32LE(at, 4)
    element.writeUInt32LE(key.length, 8)
    element.writeUInt32LE(value.bytes.length, 12)
  })
}

function encodeBranch(leaves: readonly { readonly key: Buffer; readonly page: number }[]): Buffer {
  return encodePage(
    BRANCH,
    leaves.map(({ key }) => key),
    (element, at, i) => {
      const { key, page } = leaves[i] as (typeof leaves)[number]
      element.writeUInt32LE(at, 0)
      element.writeUInt32LE(key.length, 4)
      element.writeBigUInt64LE(BigInt(page), 8)
    },
  )
}

/** @param write writes an element; `at` is where its data is, from the beginning of the element */
function encodePage(
  flags: number,
  data: readonly Buffer[],
  write: (element: Buffer, at: number, i: number) => void,
): Buffer {
  const header = Buffer.alloc(PAGE_HEADER_BYTES + data.length * ELEMENT_BYTES)
  header.writeUInt16LE(flags, 8)
  header.writeUInt16LE(data.length, 10)
  let at = header.length
  data.forEach((bytes, i) => {
    const from = PAGE_HEADER_BYTES + i * ELEMENT_BYTES
    write(header.subarray(from, from + ELEMENT_BYTES), at - from, i)
    at += bytes.length
  })
  return Buffer.concat([header, ...data])
}

/** FNV-1a with 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
function fnv1a(bytes: Uint8Array): bigint {
  return bytes.reduce((hash, byte) => BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n), 0xcbf29ce484222325n)
}
