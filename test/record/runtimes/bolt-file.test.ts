import { expect, test } from 'vitest'
import { readNetavarkAddresses } from '../../../src/record/runtimes/address-files.js'
import { readBolt } from '../../../src/record/runtimes/bolt-file.js'
import { idOf } from './make-host.js'
import { addElement, bucketAt, makeBolt, TEXTS_AT, type BoltElement } from './make-bolt.js'

/** A database of netavark with one network. */
function makeNetwork(parts: Buffer[], ids: readonly BoltElement[]): Buffer {
  const network = addElement(parts, 'podman', bucketAt(2), true)
  const idsBucket = addElement(parts, 'ids', bucketAt(3), true)
  return makeBolt([[network], [idsBucket], ids], Buffer.concat(parts))
}

test('a database of netavark has the addresses of each container', () => {
  const parts: Buffer[] = []
  const ids = [1, 2].map((number) => addElement(parts, idOf(number), Buffer.from(`["10.88.0.${number}"]`)))
  expect([...readNetavarkAddresses(makeNetwork(parts, ids))]).toEqual([
    [idOf(1), ['10.88.0.1']],
    [idOf(2), ['10.88.0.2']],
  ])
})

test('values that overlap are not read: each byte of the file is taken once (SEC-134)', () => {
  const list = `[${'"10.88.0.1",'.repeat(1000)}"10.88.0.1"]`
  const parts: Buffer[] = []
  const first = addElement(parts, 'k', Buffer.from(list))
  const sharing = (count: number) => Array.from({ length: count }, () => first)
  expect(readNetavarkAddresses(makeNetwork([...parts], sharing(1))).size).toBe(1)
  const bytes = makeNetwork([...parts], []).length
  expect(readBolt(makeNetwork([...parts], sharing(Math.ceil(bytes / list.length))))).toBeNull()
})

test('a key that is longer than any id is not read (SEC-134)', () => {
  const readKey = (keyBytes: number) =>
    readBolt(makeBolt([[{ keyAt: TEXTS_AT, keyBytes, valueBytes: 1 }]], Buffer.alloc(1000, 'k')))
  expect(readKey(256)?.values.size).toBe(1)
  expect(readKey(257)).toBeNull()
})

test('more elements than any database has are not read: a page that is reached again and again (SEC-134)', () => {
  const file = makeBolt([[]], Buffer.alloc(0))
  file.writeUInt16LE(1, 4096 + 8)
  file.writeUInt16LE(255, 4096 + 10)
  for (let i = 0; i < 255; i++) file.writeBigUInt64LE(1n, 4096 + 16 + i * 16 + 8)
  expect(readBolt(file)).toBeNull()
})
