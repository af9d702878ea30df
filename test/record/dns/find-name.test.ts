import { expect, test } from 'vitest'
import { findName, keyOfAddress } from '../../../src/record/dns/find-name.js'
import { createNameCache } from '../../../src/record/dns/name-cache.js'
import { parseAddress } from '../../../src/attempt/address.js'
import { packEvents, slotOf } from '../make-events.js'

const bytesOf = (address: string) => parseAddress(address) as Uint8Array
const hexOf = (address: string) => Buffer.from(bytesOf(address)).toString('hex')

/** The name for the second of two events: an attempt of cgroup 77 in network namespace 10. */
function nameOf(remote: string, answered: string, cgroupId = 77n): string | undefined {
  const names = createNameCache()
  const answer = { isAsked: true, answeredNs: 5, lookupNs: null, netns: 10 }
  names.add(keyOfAddress(bytesOf(answered)), { name: 'a.example', cgroupId: Number(cgroupId), ...answer })
  names.add(keyOfAddress(bytesOf(answered)), { name: 'other.example', cgroupId: 1, ...answer, netns: 11 })
  const packed = packEvents([{}, { cgroupId, netns: 10, remoteAddress: hexOf(remote) }])
  const byteOffset = packed.offsets[1] as number
  return findName(names, packed, { byteOffset, slot: slotOf(packed, byteOffset), atNs: 9 })?.name
}

test.each(['192.0.2.1', '255.255.255.255', '2001:db8::1', '::1', '::2:c000:201', '1::ffff:c000:201'])(
  'finds the name of %s',
  (address) => {
    expect(nameOf(address, address)).toBe('a.example')
  },
)

test.each([
  ['192.0.2.1', '192.0.2.2'],
  ['192.0.2.1', '::c000:201'],
  ['2001:db8::1', '2001:db8:0:1::1'],
  ['1::ffff:c000:201', '192.0.2.1'],
])('does not confuse %s with %s', (remote, answered) => {
  expect(nameOf(remote, answered)).toBeUndefined()
})

test.each([
  [500n, 500, 'a.example'],
  [501n, 500, undefined],
  [(3n << 32n) + 1n, 3 * 2 ** 32 + 1, 'a.example'],
])('identifies a network namespace by its cookie, not by its inode number: %s, %s', (netnsCookie, netns, name) => {
  const names = createNameCache()
  const answer = { name: 'a.example', cgroupId: 1, isAsked: true, answeredNs: 5, lookupNs: null, netns }
  names.add(keyOfAddress(bytesOf('192.0.2.1')), answer)
  const packed = packEvents([{ netns: 10, netnsCookie, remoteAddress: hexOf('192.0.2.1') }])
  expect(findName(names, packed, { byteOffset: 0, slot: slotOf(packed, 0), atNs: 9 })?.name).toBe(name)
})

test('finds names by a cgroup id of more than 32 bits', () => {
  expect(nameOf('192.0.2.1', '192.0.2.1', (5n << 32n) + 0xfffffff0n)).toBe('a.example')
})

test('finds names wherever the event is in memory', () => {
  const memory = new Uint8Array(17)
  memory.set(bytesOf('2001:db8::7'), 1)
  expect(keyOfAddress(memory.subarray(1))).toBe(keyOfAddress(bytesOf('2001:db8::7')))
})
