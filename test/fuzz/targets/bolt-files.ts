import * as fc from 'fast-check'
import { parseAddress } from '../../../src/attempt/address.js'
import { MAX_ADDRESSES, readNetavarkAddresses } from '../../../src/record/runtimes/address-files.js'
import { readBolt, type BoltBucket } from '../../../src/record/runtimes/bolt-file.js'
import { encodeMeta, makeBolt, type BoltContent } from '../../record/runtimes/make-bolt.js'
import { require, type FuzzTarget } from '../fuzz-target.js'

const MIN_PAGE_BYTES = 64
const ROOTS = 8
/** What no file may lead to more of, with some room. */
const MAX_DEPTH = 20
const MAX_USES = 10

const ID = '0123456789abcdef'.repeat(4)
const CONTENTS: readonly BoltContent[] = [
  { podman: { 'ids': { [ID]: '["10.88.0.2","fd00::2"]' }, '10.88.0.0/16': {} } },
  { podman: { ids: { a: '["10.88.0.2"]', b: '["10.88.0.3"]', c: '[]', d: '{}', e: '7' }, x: { y: { z: '1' } } } },
]

/** Databases of netavark. A file may be any bytes, or have a valid first page before them, whose checksum no mutation would find. */
export function createBoltFiles(): FuzzTarget {
  return {
    name: 'bolt-files',
    seeds: CONTENTS.flatMap((content) => [seedOf(content, 0, 100), seedOf(content, 1, 0), seedOf(content, 2, 2000)]),
    take(input) {
      requireSound(Buffer.from(input))
      const pageBytes = MIN_PAGE_BYTES << ((input[0] ?? 0) & 3)
      requireSound(Buffer.concat([encodeMeta(pageBytes, (input[1] ?? 0) % ROOTS), input.subarray(2)]))
    },
    property: fc.property(
      fc.dictionary(NAME, fc.dictionary(NAME, fc.array(fc.ipV4(), { maxLength: 3 }), { maxKeys: 5 }), { maxKeys: 3 }),
      fc.constantFrom(64, 128, 4096),
      fc.nat(300),
      fc.integer({ min: 2, max: 5 }),
      (networks, pageBytes, inlineBytes, leafElements) => {
        const content = Object.fromEntries(Object.entries(networks).map(([name, ids]) => [name, { ids: textsOf(ids) }]))
        const bucket = readBolt(makeBolt(content, { pageBytes, inlineBytes, leafElements }).file)
        for (const [name, ids] of Object.entries(networks)) {
          const found = bucket?.buckets.get(latinOf(name))?.buckets.get('ids')?.values
          const texts = Object.entries(textsOf(ids))
          require(found?.size === texts.length &&
            texts.every(([id, text]) => `${found.get(latinOf(id))}` === text), () =>
            `${JSON.stringify(ids)} of ${JSON.stringify(name)} became ${JSON.stringify([...(found ?? [])])}`)
        }
        require(bucket?.buckets.size === Object.keys(networks).length, () => `${bucket?.buckets.size} networks`)
      },
    ),
  }
}

/** Keys of more than 256 bytes are refused. */
const NAME = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
const textsOf = (ids: Readonly<Record<string, readonly string[]>>) =>
  Object.fromEntries(Object.entries(ids).map(([id, addresses]) => [id, JSON.stringify(addresses)]))
/** Keys are bytes, a character for each. */
const latinOf = (text: string) => Buffer.from(text).toString('latin1')

/** The bytes after the first page, and in front of them what the first page says. */
function seedOf(content: BoltContent, pages: number, inlineBytes: number): Uint8Array {
  const pageBytes = MIN_PAGE_BYTES << pages
  const { file, root } = makeBolt(content, { pageBytes, inlineBytes, leafElements: 3 })
  const metaBytes = encodeMeta(pageBytes, root).length
  return Uint8Array.of(pages, root, ...file.subarray(metaBytes))
}

function requireSound(file: Buffer): void {
  const bucket = readBolt(file)
  if (bucket === null) return
  require(countBytes(bucket, 0) <= MAX_USES * file.length, () => 'keys and values are much longer than the file')
  for (const [, addresses] of readNetavarkAddresses(file)) {
    require(addresses.length <= MAX_ADDRESSES, () => `${addresses.length} addresses`)
    for (const address of addresses) require(parseAddress(address) !== null, () => JSON.stringify(address))
  }
}

function countBytes({ values, buckets }: BoltBucket, depth: number): number {
  require(depth <= MAX_DEPTH, () => `a bucket is in ${depth} others`)
  let bytes = 0
  for (const [key, value] of values) bytes += key.length + value.length
  for (const [key, bucket] of buckets) bytes += key.length + countBytes(bucket, depth + 1)
  return bytes
}
