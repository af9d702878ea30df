import { describe, expect, test } from 'vitest'
import { createByteBuffer, putVarint, putWithLength, writtenBytes } from '../../src/sums/byte-buffer.js'
import { createVarintReader, readVarintPairs } from '../../src/sums/varint.js'
import { createRandom, randomInteger } from '../store/random.js'

const EDGES = [0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 52, 2 ** 53 - 1]

function encode(values: readonly number[]): number[] {
  const buffer = createByteBuffer(1)
  for (const value of values) putVarint(buffer, value)
  return [...writtenBytes(buffer)]
}

function decode(bytes: readonly number[]): number[] {
  const values: number[] = []
  const reader = createVarintReader(Uint8Array.from(bytes))
  while (reader.hasMore()) values.push(reader.next())
  return values
}

describe('an integer', () => {
  test.each([
    [0, [0]],
    [127, [0x7f]],
    [128, [0x80, 1]],
    [300, [0xac, 2]],
    [16_383, [0xff, 0x7f]],
    [2 ** 32, [0x80, 0x80, 0x80, 0x80, 0x10]],
    [2 ** 53 - 1, [...new Array(7).fill(0xff), 0x0f]],
  ])('%i is encoded in as many bytes as necessary, with seven bits each', (value, bytes) => {
    expect(encode([value])).toEqual(bytes)
  })
})

describe('integers', () => {
  test('are decoded at the limits of every length', () => {
    for (const value of EDGES) expect(decode(encode([value]))).toEqual([value])
    expect(decode(encode(EDGES))).toEqual(EDGES)
  })

  test('of any size are decoded, one after the other', () => {
    const random = createRandom(17)
    for (let count = 0; count < 200; count++) {
      const values = Array.from({ length: count }, () => Math.floor(2 ** (random() * 53)))
      expect(decode(encode(values))).toEqual(values)
    }
  })
})

test('byte strings are encoded with their length, even if they exceed the buffer', () => {
  const [short, long] = [Uint8Array.of(1, 2), new Uint8Array(100_000).fill(7)]
  const buffer = createByteBuffer(16)
  for (const bytes of [short, long, new Uint8Array(0)]) putWithLength(buffer, bytes)
  expect(Buffer.from(writtenBytes(buffer)).equals(Buffer.from([2, 1, 2, ...encode([100_000]), ...long, 0]))).toBe(true)
})

function decodePairs(bytes: readonly number[], then: () => void = () => {}): number[][] {
  const pairs: number[][] = []
  readVarintPairs(Uint8Array.from(bytes), (first, second) => {
    then()
    pairs.push([first, second])
  })
  return pairs
}

describe('pairs of integers', () => {
  const encoded = encode([300, 5, 70_000, 0])

  test('are decoded in order; a single integer at the end is ignored', () => {
    const wanted = [
      [300, 5],
      [70_000, 0],
    ]
    expect(decodePairs(encoded)).toEqual(wanted)
    expect(decodePairs([...encoded, 7])).toEqual(wanted)
    expect(decodePairs([...encoded, 0x80])).toEqual(wanted)
    expect(decodePairs([])).toEqual([])
  })

  test('can be decoded while others are decoded', () => {
    const inner = () => void decodePairs(encode([1, 2 ** 40]))
    expect(decodePairs(encoded, inner)).toEqual(decodePairs(encoded))
  })
})

test('a reader at its end returns zeros and no bytes', () => {
  const reader = createVarintReader(Uint8Array.of(0x85))
  expect([reader.next(), reader.hasMore(), reader.next(), reader.next()]).toEqual([5, false, 0, 0])
  expect(reader.bytes(3)).toHaveLength(0)
  expect(reader.hasMore()).toBe(false)
})

describe('damaged bytes', () => {
  test.each([
    [[0x80], [0]],
    [
      [5, 0x81],
      [5, 1],
    ],
    [[0xff, 0xff], [16_383]],
    [[0x80, 0x80, 0x80, 0x80], [0]],
  ])('%j, truncated, are decoded up to their end', (bytes, values) => {
    expect(decode(bytes)).toEqual(values)
  })

  test('neither throw nor hang, and give at most one integer per byte', () => {
    const random = createRandom(19)
    const noise = Array.from({ length: 200 }, () => Array.from({ length: 60 }, () => randomInteger(random, 0, 255)))
    for (const bytes of [new Array<number>(5000).fill(0xff), new Array<number>(5000).fill(0x80), ...noise]) {
      expect(decode(bytes).length).toBeLessThanOrEqual(bytes.length)
    }
  })
})
