import { expect, test } from 'vitest'
import { teeRing } from '../../../src/record/live/tee-ring.js'
import { createProcessTable } from '../../../src/record/decode/process-table.js'
import type { RingReader } from '../../../src/record/probe/ring-reader.js'
import { connectEvent } from '../../../src/record/probe/wire.gen.js'

/** A ring of events whose first byte is their number. */
function ringOf(numbers: number[]): RingReader {
  const bytes = new Uint8Array(16 * connectEvent.size_bytes)
  let peeked = 0
  return {
    bytes,
    words: new Uint32Array(bytes.buffer),
    sizeBytes: bytes.length,
    pendingBytes: () => numbers.length * connectEvent.size_bytes,
    peek(take, limit) {
      peeked = Math.min(limit, numbers.length)
      numbers.slice(0, peeked).forEach((number, i) => {
        bytes[i * connectEvent.size_bytes] = number
        take(i * connectEvent.size_bytes)
      })
      return peeked
    },
    processes: createProcessTable(),
    release: () => numbers.splice(0, peeked).length * connectEvent.size_bytes,
    learnProcesses() {},
    forgetProcesses() {},
    close() {},
  }
}

function readCopy({ copy }: ReturnType<typeof teeRing>, limit = 16): number[] {
  const found: number[] = []
  copy.peek((at) => found.push(copy.bytes[at] as number), limit)
  expect(copy.release()).toBe(found.length * connectEvent.size_bytes)
  return found
}

test('what was given back is in the copy, once, and what was only looked at is not', () => {
  const tee = teeRing(ringOf([1, 2, 3]), 4)
  const seen: number[] = []
  const take = (at: number) => seen.push(tee.ring.bytes[at] as number)
  tee.ring.peek(take, 2)
  expect(readCopy(tee)).toEqual([])
  tee.ring.peek(take, 2)
  expect(tee.ring.release()).toBe(2 * connectEvent.size_bytes)
  expect(seen).toEqual([1, 2, 1, 2])
  expect(readCopy(tee, 1)).toEqual([1])
  tee.ring.peek(take, 2)
  tee.ring.release()
  expect(readCopy(tee)).toEqual([2, 3])
  expect(readCopy(tee)).toEqual([])
})
