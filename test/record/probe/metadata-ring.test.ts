import { describe, expect, test } from 'vitest'
import { createMetadataRing } from '../../../src/record/probe/metadata-ring.js'
import { BUSY, createRingBuffer, DISCARDED } from '../../../src/record/probe/ring-buffer.js'

const PAGE = 64
const SIZE = 1024
const HEADER = 8

/** A ring in plain memory that contains its data twice, with the kernel's half of the protocol. */
function createRing(startAt = 0n) {
  const buffer = new ArrayBuffer(PAGE + 2 * SIZE)
  const view = new DataView(buffer, PAGE)
  const positions = { consumer: new BigUint64Array(1).fill(startAt), producer: new BigUint64Array(1).fill(startAt) }
  const ring = createMetadataRing(createRingBuffer(positions, buffer, PAGE))
  const atOf = (position: bigint) => Number(position % BigInt(SIZE))
  const setByte = (at: number, value: number) => {
    // One page, mapped at two places.
    for (const copy of [at % SIZE, (at % SIZE) + SIZE]) view.setUint8(copy, value)
  }
  const setHeader = (position: bigint, word: number) => {
    for (let i = 0; i < 4; i++) setByte(atOf(position) + i, (word >>> (8 * i)) & 0xff)
  }
  return {
    ring,
    positions,
    setHeader,
    /** Appends a record whose bytes are all `value`, and returns its position. */
    append(length: number, value: number, flags = 0): bigint {
      const position = positions.producer[0] as bigint
      const bytes = (HEADER + length + 7) & ~7
      if (position + BigInt(bytes) - (positions.consumer[0] as bigint) > BigInt(SIZE)) throw new Error('no room')
      setHeader(position, (length | flags) >>> 0)
      for (let i = 0; i < length; i++) setByte(atOf(position) + HEADER + i, value)
      positions.producer[0] = position + BigInt(bytes)
      return position
    },
    /** Length and values of the records that are passed. */
    read(limit = Infinity): [length: number, value: number][] {
      const taken: [number, number][] = []
      const count = ring.read((record) => {
        const bytes = new Uint8Array(record.buffer, record.byteOffset, record.byteLength)
        if (new Set(bytes).size > 1) throw new Error(`a record of mixed bytes: ${bytes.join(' ')}`)
        taken.push([bytes.length, bytes[0] ?? -1])
      }, limit)
      expect(count).toBe(taken.length)
      return taken
    },
  }
}

describe('reading', () => {
  test('an empty ring passes no records', () => {
    const { read, ring } = createRing()
    expect(read()).toEqual([])
    expect(ring.isBusy()).toBe(false)
  })

  test('records of any length are passed once, oldest first, and released', () => {
    const { append, positions, read } = createRing()
    for (const [length, value] of [
      [1, 10],
      [8, 11],
      [37, 12],
      [120, 13],
    ] as const)
      append(length, value)
    expect(read()).toEqual([
      [1, 10],
      [8, 11],
      [37, 12],
      [120, 13],
    ])
    expect(positions.consumer[0]).toBe(positions.producer[0])
    expect(read()).toEqual([])
  })

  test('reading stops at an uncommitted record, reports it, and continues there', () => {
    const { append, positions, read, ring, setHeader } = createRing()
    append(16, 1)
    const busy = append(24, 2, BUSY)
    append(8, 3)
    expect(read(1)).toEqual([[16, 1]])
    expect(read()).toEqual([])
    expect(positions.consumer[0]).toBe(busy)
    expect(ring.isBusy()).toBe(true)
    setHeader(busy, 24)
    expect(read()).toEqual([
      [24, 2],
      [8, 3],
    ])
  })

  test('an uncommitted record that is discarded later is skipped', () => {
    const { append, positions, read, setHeader } = createRing()
    append(40, 1, DISCARDED)
    append(16, 2)
    const busy = append(24, 3, BUSY)
    append(100, 4, DISCARDED)
    expect(read()).toEqual([[16, 2]])
    setHeader(busy, (24 | DISCARDED) >>> 0)
    expect(read()).toEqual([])
    expect(positions.consumer[0]).toBe(positions.producer[0])
  })

  test('at most the requested number of records is passed', () => {
    const { append, read } = createRing()
    for (let value = 1; value <= 5; value++) append(9, value)
    expect(read(2)).toEqual([
      [9, 1],
      [9, 2],
    ])
    expect(read(9)).toHaveLength(3)
  })

  test('records are released after all of them were passed', () => {
    const { append, positions, ring } = createRing()
    append(16, 1)
    append(16, 2)
    const consumed: bigint[] = []
    ring.read(() => consumed.push(positions.consumer[0] as bigint), 9)
    expect(consumed).toEqual([0n, 0n])
    expect(positions.consumer[0]).toBe(48n)
  })
})

describe.each([0n, BigInt(SIZE) - 8n, 2n ** 32n - 16n, 2n ** 53n, 2n ** 63n])('a ring at position %d', (startAt) => {
  test('is read past its end, many times', () => {
    const { append, read } = createRing(startAt)
    for (let round = 0; round < 500; round++) {
      const records = Array.from({ length: 1 + (round % 3) }, (_, i) => [
        (round * 37 + i * 11) % 300,
        (round + i) % 256,
      ])
      for (const [length, value] of records) append(length as number, value as number)
      expect(read()).toEqual(records.map(([length, value]) => [length, length === 0 ? -1 : value]))
    }
  })

  test('is read when it is full', () => {
    const { append, read } = createRing(startAt)
    append(SIZE - 64 - HEADER, 1)
    append(64 - HEADER, 2)
    expect(() => append(0, 3)).toThrow('no room')
    expect(read()).toEqual([
      [SIZE - 64 - HEADER, 1],
      [64 - HEADER, 2],
    ])
  })
})
