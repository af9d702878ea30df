import { expect, test } from 'vitest'
import { createNumbers } from '../../../../src/analyze/share/keyed/numbers.js'
import { createPermutation } from '../../../../src/analyze/share/keyed/permutation.js'
import { createShareKey } from '../../../../src/analyze/share/keyed/share-key.js'
import { SECRET } from '../shared-sample.js'

test.each([1n, 2n, 3n, 1000n])('the numbers below %d are mapped one to one, and back', (limit) => {
  const { forward, backward } = createPermutation(SECRET.subarray(0, 16), limit)
  const all = Array.from({ length: Number(limit) }, (_, i) => BigInt(i))
  const mapped = all.map(forward)
  expect(mapped.toSorted((a, b) => Number(a - b))).toEqual(all)
  expect(mapped.map(backward)).toEqual(all)
})

test('numbers of 128 bits are mapped and back', () => {
  const { forward, backward } = createPermutation(SECRET.subarray(0, 16), 1n << 128n)
  for (const value of [0n, 1n, (1n << 128n) - 1n, 0x1234567890abcdefn << 50n])
    expect(backward(forward(value))).toBe(value)
})

test('local ports are mapped one to one; 0, no port, stays', () => {
  const { localPorts } = createNumbers(createShareKey(SECRET))
  expect(new Set(localPorts).size).toBe(65_536)
  expect(localPorts[0]).toBe(0)
})

test('the clock moves by a whole number of hours, the same for one key', () => {
  const [first, second] = [createNumbers(createShareKey(SECRET)), createNumbers(createShareKey(SECRET))]
  expect(first.shiftNs % 3_600_000_000_000n).toBe(0n)
  expect(first.shiftNs).toBeGreaterThan(0n)
  expect(second.shiftNs).toBe(first.shiftNs)
  expect(createNumbers(createShareKey(Buffer.alloc(32, 1))).shiftNs).not.toBe(first.shiftNs)
})
