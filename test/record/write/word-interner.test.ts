import { describe, expect, test } from 'vitest'
import { createWordInterner } from '../../../src/record/write/word-interner.js'
import { createRandom, randomInteger } from '../../store/random.js'

/** A reference with a Map: entries in the order in which they are first seen, negative if new. */
function createReference() {
  const entries = new Map<string, number>()
  return (words: Uint32Array, offset: number, length: number) => {
    const key = words.subarray(offset, offset + length).join()
    const known = entries.get(key)
    if (known !== undefined) return known
    entries.set(key, entries.size)
    return -entries.size
  }
}

describe.each([1, 2, 4, 5, 14])('keys of %i words', (keyWords) => {
  test.each([
    ['few values', 3],
    ['many values', 100_000],
    ['all bits', 2 ** 32 - 1],
  ])('get the same numbers as in a Map: %s', (_, max) => {
    const random = createRandom(keyWords)
    const interner = createWordInterner(keyWords)
    const reference = createReference()
    const memory = new Uint32Array(64 + keyWords)
    for (let i = 0; i < 5000; i++) {
      const offset = randomInteger(random, 0, 64)
      for (let word = 0; word < keyWords; word++) memory[offset + word] = randomInteger(random, 0, max)
      expect(interner.intern(memory, offset)).toBe(reference(memory, offset, keyWords))
    }
  })
})

test('200,000 keys that differ in one bit or one word stay distinct as the tables grow', () => {
  const interner = createWordInterner(5)
  const key = new Uint32Array(5)
  const keyOf = (i: number) => key.fill(0).fill(i, i % 5, (i % 5) + 1)
  const all = Array.from({ length: 200_000 }, (_, i) => i)
  expect(all.filter((i) => interner.intern(keyOf(i + 1), 0) !== -1 - i)).toEqual([])
  expect(interner.size).toBe(200_000)
  expect(all.filter((i) => interner.intern(keyOf(i + 1), 0) !== i)).toEqual([])
})

test('words with the highest bit are not treated as negative', () => {
  const interner = createWordInterner(2)
  const words = Uint32Array.of(0x80000000, 0xffffffff, 0x80000000, 0xffffffff, 0, 0xffffffff)
  expect([0, 2, 4].map((offset) => interner.intern(words, offset))).toEqual([-1, 0, -2])
})

test('keys are copied, so their memory can be reused', () => {
  const interner = createWordInterner(1)
  const memory = Uint32Array.of(7)
  interner.intern(memory, 0)
  memory[0] = 8
  expect(interner.intern(memory, 0)).toBe(-2)
  memory[0] = 7
  expect(interner.intern(memory, 0)).toBe(0)
})

test('after a reset all keys are new, before and after the tables grow', () => {
  const interner = createWordInterner(3)
  const keys = Uint32Array.from({ length: 3 * 10_000 }, (_, i) => i)
  const all = Array.from({ length: 10_000 }, (_, i) => i)
  for (let round = 0; round < 3; round++) {
    expect(interner.size).toBe(0)
    expect(all.filter((i) => interner.intern(keys, i * 3) !== -1 - i)).toEqual([])
    expect(all.filter((i) => interner.intern(keys, i * 3) !== i)).toEqual([])
    interner.truncate(0)
  }
})

test('after truncation the first keys are known, and the others are new', () => {
  const interner = createWordInterner(2)
  const keys = Uint32Array.from({ length: 2 * 5000 }, (_, i) => i * 7)
  const all = Array.from({ length: 5000 }, (_, i) => i)
  for (const i of all) interner.intern(keys, i * 2)
  interner.truncate(1200)
  expect(interner.size).toBe(1200)
  expect(interner.intern(keys, 4999 * 2)).toBe(-1 - 1200)
  expect(all.slice(0, 1200).filter((i) => interner.intern(keys, i * 2) !== i)).toEqual([])
  expect(interner.intern(keys, 1200 * 2)).toBe(-1 - 1201)
})
