import { describe, expect, test } from 'vitest'
import { RECORD_BYTES, createRingReader } from '../../../src/record/probe/ring-reader.js'
import { connectEvent } from '../../../src/record/probe/wire.gen.js'

const RECORDS = 16
const SIZE_BYTES = RECORDS * RECORD_BYTES
const BUSY = 0x80000000
const DISCARDED = 0x40000000

/** A ring in plain memory, with the kernel's half of the protocol. `startAt` is the position of its first record. */
function createRing(startAt = 0n) {
  const buffer = new ArrayBuffer(64 + SIZE_BYTES)
  const headers = new Uint32Array(buffer, 64)
  const positions = { consumer: new BigUint64Array(1).fill(startAt), producer: new BigUint64Array(1).fill(startAt) }
  const reader = createRingReader(positions.consumer, positions.producer, buffer, 64)
  let next = 0
  const wordOf = (position: bigint) => Number(position % BigInt(SIZE_BYTES)) / 4
  return {
    reader,
    positions,
    /** Appends a record whose first word is its running number, and returns its position. */
    append(flags = 0): bigint {
      const position = positions.producer[0] as bigint
      headers[wordOf(position)] = connectEvent.size_bytes | flags
      headers[wordOf(position) + 2] = next++
      positions.producer[0] = position + BigInt(RECORD_BYTES)
      return position
    },
    commit: (position: bigint) => void (headers[wordOf(position)] = connectEvent.size_bytes),
    /** The running numbers of what is passed. */
    peek(limit = Infinity): number[] {
      const taken: number[] = []
      const count = reader.peek((offset) => taken.push(reader.words[offset / 4] as number), limit)
      expect(count).toBe(taken.length)
      return taken
    },
  }
}

test('a record takes a power of two, so that none wraps', () => {
  expect(Math.log2(RECORD_BYTES) % 1).toBe(0)
  expect(RECORD_BYTES).toBe(connectEvent.size_bytes + 8)
})

describe('reading', () => {
  test('an empty ring passes nothing', () => {
    const { peek, reader } = createRing()
    expect(peek()).toEqual([])
    expect(reader.pendingBytes()).toBe(0)
  })

  test('passes committed records, oldest first, until they are released', () => {
    const { append, peek, reader, positions } = createRing()
    for (let i = 0; i < 3; i++) append()
    expect(peek()).toEqual([0, 1, 2])
    expect(peek()).toEqual([0, 1, 2])
    expect(positions.consumer[0]).toBe(0n)
    reader.release()
    expect(positions.consumer[0]).toBe(3n * BigInt(RECORD_BYTES))
    expect(peek()).toEqual([])
  })

  test('gives the same bytes as words and as bytes', () => {
    const { append, reader } = createRing()
    append()
    reader.peek((offset) => {
      reader.words[offset / 4] = 0x04030201
      expect([...reader.bytes.subarray(offset, offset + 4)]).toEqual([1, 2, 3, 4])
    }, 1)
    expect(reader.sizeBytes).toBe(SIZE_BYTES)
  })

  test('stops at a record that is not committed yet, and goes on there', () => {
    const { append, commit, peek, reader } = createRing()
    append()
    const busy = append(BUSY)
    append()
    expect(peek()).toEqual([0])
    reader.release()
    expect(peek()).toEqual([])
    expect(reader.pendingBytes()).toBe(2 * RECORD_BYTES)
    commit(busy)
    expect(peek()).toEqual([1, 2])
  })

  test('skips discarded records, which are released with the others', () => {
    const { append, peek, reader } = createRing()
    for (const flags of [DISCARDED, 0, DISCARDED, DISCARDED, 0, DISCARDED]) append(flags)
    expect(peek()).toEqual([1, 4])
    reader.release()
    expect(reader.pendingBytes()).toBe(0)
  })

  test('passes at most as many as asked for, discarded ones not counted', () => {
    const { append, peek, reader } = createRing()
    for (const flags of [0, DISCARDED, 0, 0, 0]) append(flags)
    expect(peek(2)).toEqual([0, 2])
    reader.release()
    expect(peek(1)).toEqual([3])
    reader.release()
    expect(peek(9)).toEqual([4])
    expect(peek(0)).toEqual([])
  })

  test('a release without a look, or a second one, gives nothing back', () => {
    const { append, peek, reader, positions } = createRing()
    append()
    reader.release()
    expect(positions.consumer[0]).toBe(0n)
    peek()
    reader.release()
    reader.release()
    expect(positions.consumer[0]).toBe(BigInt(RECORD_BYTES))
  })
})

describe.each([0n, BigInt(SIZE_BYTES), 2n ** 32n - BigInt(RECORD_BYTES), 2n ** 53n, 2n ** 63n])(
  'a ring that has come to position %d',
  (startAt) => {
    test('is read around its end, many times', () => {
      const ring = createRing(startAt - (startAt % BigInt(RECORD_BYTES)))
      let expected = 0
      for (let round = 0; round < 100; round++) {
        const count = round % RECORDS
        for (let i = 0; i < count; i++) ring.append()
        expect(ring.peek()).toEqual(Array.from({ length: count }, () => expected++))
        ring.reader.release()
        expect(ring.positions.consumer[0]).toBe(ring.positions.producer[0])
      }
    })

    test('is read when it is full', () => {
      const ring = createRing(startAt)
      for (let i = 0; i < RECORDS; i++) ring.append()
      expect(ring.reader.pendingBytes()).toBe(SIZE_BYTES)
      expect(ring.peek()).toHaveLength(RECORDS)
    })
  },
)
