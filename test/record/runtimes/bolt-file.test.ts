import { expect, test } from 'vitest'
import { readBolt, type BoltBucket } from '../../../src/record/runtimes/bolt-file.js'
import { makeBolt, type BoltContent } from './make-bolt.js'

const LAYOUTS = [
  { pageBytes: 4096, inlineBytes: 1024, leafElements: 1000 },
  { pageBytes: 128, inlineBytes: 0, leafElements: 3 },
  { pageBytes: 64, inlineBytes: 100, leafElements: 2 },
]

/** A bucket as it was written. */
function contentOf({ values, buckets }: BoltBucket): BoltContent {
  return Object.fromEntries([
    ...[...values].map(([key, value]) => [key, value.toString()] as const),
    ...[...buckets].map(([key, bucket]) => [key, contentOf(bucket)] as const),
  ])
}

test.each(LAYOUTS)('buckets in buckets, branches and values are read as they were written: %o', (layout) => {
  const many = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`key ${i}`, 'x'.repeat(i * 20)]))
  const content = { podman: { ids: many, empty: {} }, other: { ids: { one: '["10.88.0.2"]' } }, version: '1' }
  expect(contentOf(readBolt(makeBolt(content, layout).file) as BoltBucket)).toEqual(content)
})

test('a database whose elements claim the same bytes again and again is not read (SEC-134)', () => {
  const count = 5000
  const { file, root } = makeBolt(
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}`.padStart(8, '0'), 'x'.repeat(20)])),
    { pageBytes: 4096, inlineBytes: 0, leafElements: count },
  )
  const bytesOf = ({ values }: BoltBucket) =>
    [...values].reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  expect(bytesOf(readBolt(file) as BoltBucket)).toBe(count * 28)
  // Each value begins where it did, and ends where the file does.
  for (let i = 0; i < count; i++) {
    const at = root * 4096 + 16 + i * 16
    file.writeUInt32LE(file.length - at - file.readUInt32LE(at + 4) - 8, at + 12)
  }
  expect(readBolt(file)).toBeNull()
})

test.each([
  [256, 1],
  [257, null],
])('a key of %i bytes: no id or name has more than 256 (SEC-134)', (length, values) => {
  const { file } = makeBolt({ ['k'.repeat(length)]: 'v' }, { pageBytes: 4096, inlineBytes: 0, leafElements: 2 })
  expect(readBolt(file)?.values.size ?? null).toBe(values)
})

test('a database with a page that is in itself is not read (SEC-134)', () => {
  const { file, root } = makeBolt(Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`key ${i}`, ''])), {
    pageBytes: 256,
    inlineBytes: 0,
    leafElements: 2,
  })
  for (let i = 0; i < 5; i++) file.writeBigUInt64LE(BigInt(root), root * 256 + 16 + i * 16 + 8)
  expect(readBolt(file)).toBeNull()
})
