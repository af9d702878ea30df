import { expect, test } from 'vitest'
import type { Libbpf } from '../../../src/record/probe/libbpf.js'
import { readPending } from '../../../src/record/probe/pending.js'

const EVENT_BYTES = 8

/** A map in the form of the three calls that read it. `vanishing` keys are listed, but gone when they are looked up. */
function libbpfOver(values: readonly number[], vanishing: readonly number[] = []): Libbpf {
  const indexOf = (key: Uint8Array | null) =>
    key === null ? -1 : Number(new DataView(key.buffer).getBigUint64(0, true))
  return {
    nextKey(_fd: number, key: Uint8Array | null, next: Uint8Array) {
      const index = indexOf(key) + 1
      new DataView(next.buffer).setBigUint64(0, BigInt(index), true)
      return index < values.length ? 0 : -2
    },
    lookupElement(_fd: number, key: Uint8Array, value: Uint8Array) {
      value.fill(values[indexOf(key)] as number)
      return vanishing.includes(indexOf(key)) ? -2 : 0
    },
  } as unknown as Libbpf
}

test('every entry is copied, one after the other', () => {
  const { bytes, words, count } = readPending(libbpfOver([1, 2, 3]), 5, EVENT_BYTES)
  expect(count).toBe(3)
  expect([...bytes]).toEqual([1, 2, 3].flatMap((value) => new Array<number>(EVENT_BYTES).fill(value)))
  expect([...words].map((word) => word & 255)).toEqual([1, 1, 2, 2, 3, 3])
})

test('an entry that vanished is left out', () => {
  const { bytes, count } = readPending(libbpfOver([1, 2, 3], [1]), 5, EVENT_BYTES)
  expect(count).toBe(2)
  expect([bytes[0], bytes[EVENT_BYTES]]).toEqual([1, 3])
})

test('an empty map gives nothing', () => {
  expect(readPending(libbpfOver([]), 5, EVENT_BYTES)).toMatchObject({ count: 0, bytes: new Uint8Array(0) })
})
