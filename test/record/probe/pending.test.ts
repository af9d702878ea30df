import { describe, expect, test } from 'vitest'
import type { Libbpf } from '../../../src/record/native/libbpf.js'
import { createPendingReader, processKeysOf } from '../../../src/record/probe/pending.js'
import { bucket, connectEvent, pendingAttempt, processEvent } from '../../../src/record/event/wire.gen.js'
import { createMemoryRing } from './memory-ring.js'

const [ENOENT, EPERM] = [-2, -1]
const FD = 5
const ATTEMPT_WORDS = pendingAttempt.size_bytes / 4
const EVENT_WORDS = connectEvent.size_bytes / 4
const BUCKETS = 4
const PLACES = 8

/** A pending attempt with this start time. All its words depend on it. */
function makeAttempt(startedNs: number): Uint32Array {
  return Uint32Array.from({ length: ATTEMPT_WORDS }, (_, i) => (i === 0 ? startedNs : startedNs * 1000 + i))
}

/** The same attempt as an event, without the fields that the map keeps of an earlier use of the socket. */
function makeEvent(startedNs: number): Uint32Array {
  const bytes = new Uint8Array(makeAttempt(startedNs).buffer)
  const { local_port, error, outcome, syn_retransmits } = connectEvent
  for (const at of [local_port, local_port + 1, error, error + 1, outcome, syn_retransmits]) bytes[at] = 0
  return new Uint32Array(bytes.buffer)
}

/** A hash of pending attempts. Each call returns `step` of them. */
function libbpfOver(starts: readonly number[], { step = 2, error = 0 } = {}): Libbpf {
  const lookupBatch: Libbpf['lookupBatch'] = (...[fd, position, next, , values, count]) => {
    expect(fd).toBe(FD)
    if (error !== 0) return error
    const from = position?.[0] ?? 0
    const taken = starts.slice(from, from + step)
    const words = new Uint32Array(values.buffer, values.byteOffset)
    taken.forEach((start, i) => words.set(makeAttempt(start), i * ATTEMPT_WORDS))
    next[0] = from + taken.length
    count[0] = taken.length
    return from + step >= starts.length ? ENOENT : 0
  }
  return { lookupBatch } as Libbpf
}

/** The array of buckets: each entry is the bucket, the slot and the start of its attempt. */
function makeBuckets(entries: readonly (readonly [bucketIndex: number, place: number, startedNs: number])[]) {
  const words = new Uint32Array((BUCKETS * bucket.size_bytes) / 4)
  const socketAt = (index: number, place: number) => (index * bucket.size_bytes + bucket.socks + place * 8) / 4
  for (const [index, place, startedNs] of entries) {
    words.set([0x12345678, 0xffff8880], socketAt(index, place))
    const attempt = index * bucket.size_bytes + bucket.attempts + place * pendingAttempt.size_bytes
    words.set(makeAttempt(startedNs), attempt / 4)
  }
  return { words, socketAt }
}

const noBuckets = () => createMemoryRing(4096).reader

/** Start times of the attempts. Checks that each attempt is complete and has no latency. */
function describeEvents({ words, count }: { readonly words: Uint32Array; readonly count: number }) {
  return Array.from({ length: count }, (_, i) => {
    const event = words.subarray(i * EVENT_WORDS, (i + 1) * EVENT_WORDS)
    expect(event.subarray(0, ATTEMPT_WORDS)).toEqual(makeEvent(event[0] as number))
    expect([...event.subarray(ATTEMPT_WORDS)]).toEqual([0, 0])
    return event[0]
  })
}

describe('on a kernel with only the hash', () => {
  test.each([[[1, 2, 3]], [[1, 2, 3, 4]], [[]]])('%j become events, one after the other', (starts) => {
    const read = createPendingReader(libbpfOver(starts), { buckets: null, fd: FD }, noBuckets())
    const events = read()
    expect(describeEvents(events)).toEqual(starts)
    expect(events.bytes).toHaveLength(starts.length * connectEvent.size_bytes)
    expect(describeEvents(read())).toEqual(starts)
  })

  test('an error of the kernel is thrown; it is not an empty map', () => {
    const read = createPendingReader(libbpfOver([1], { error: EPERM }), { buckets: null, fd: FD }, noBuckets())
    expect(read).toThrow('cannot read the pending attempts: error 1')
  })
})

describe('on a kernel with buckets', () => {
  test('attempts of every slot of every bucket come first, then those that overflowed into the hash', () => {
    const { words } = makeBuckets([
      [0, 0, 1],
      [0, PLACES - 1, 2],
      [2, 3, 3],
      [BUCKETS - 1, PLACES - 1, 4],
    ])
    const read = createPendingReader(libbpfOver([5, 6, 7]), { buckets: words.buffer, fd: FD }, noBuckets())
    expect(describeEvents(read())).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  test('all slots of a full bucket are read', () => {
    const { words } = makeBuckets(Array.from({ length: PLACES }, (_, place) => [1, place, place + 10]))
    const read = createPendingReader(libbpfOver([]), { buckets: words.buffer, fd: FD }, noBuckets())
    expect(describeEvents(read())).toEqual([10, 11, 12, 13, 14, 15, 16, 17])
  })

  test('the remains of an ended attempt in a free slot are not an attempt', () => {
    const { words, socketAt } = makeBuckets([
      [1, 2, 1],
      [1, 3, 2],
    ])
    words.fill(0, socketAt(1, 2), socketAt(1, 2) + 2)
    const read = createPendingReader(libbpfOver([]), { buckets: words.buffer, fd: FD }, noBuckets())
    expect(describeEvents(read())).toEqual([2])
  })

  test('a taken slot whose attempt is not written yet is not an attempt', () => {
    const { words, socketAt } = makeBuckets([[1, 3, 2]])
    words.set([0x1000, 0xffff8880], socketAt(1, 4))
    const read = createPendingReader(libbpfOver([]), { buckets: words.buffer, fd: FD }, noBuckets())
    expect(describeEvents(read())).toEqual([2])
  })

  test('a slot is taken if one half of the socket address is not 0', () => {
    const { words, socketAt } = makeBuckets([
      [0, 0, 1],
      [0, 1, 2],
    ])
    words[socketAt(0, 0)] = 0
    words[socketAt(0, 1) + 1] = 0
    const read = createPendingReader(libbpfOver([]), { buckets: words.buffer, fd: FD }, noBuckets())
    expect(describeEvents(read())).toEqual([1, 2])
  })

  test('each read returns the current attempts, and earlier results do not change', () => {
    const { words, socketAt } = makeBuckets([
      [0, 0, 1],
      [0, 1, 2],
    ])
    const read = createPendingReader(libbpfOver([]), { buckets: words.buffer, fd: FD }, noBuckets())
    const first = read()
    words.fill(0, socketAt(0, 0), socketAt(0, 0) + 2)
    expect(describeEvents(read())).toEqual([2])
    expect(describeEvents(first)).toEqual([1, 2])
  })
})

test('the processes of pending attempts are read from the ring, even if their records are unread', () => {
  const { append, reader } = createMemoryRing(4096)
  const process = new Uint32Array(processEvent.size_bytes / 4)
  process.set([7, 1], processEvent.key / 4)
  append(new Uint8Array(process.buffer))
  const { words } = makeBuckets([[0, 0, 1]])
  words.set([7, 1], (bucket.attempts + connectEvent.process) / 4)
  const events = createPendingReader(libbpfOver([]), { buckets: words.buffer, fd: FD }, reader)()
  const slotOf = (position: number) => events.processes.find(Uint32Array.of(position, 1), 0)
  expect(slotOf(7)).not.toBe(slotOf(8))
  expect(events.processes.find(events.words, connectEvent.process / 4)).toBe(slotOf(7))
})

test('the keys of pending attempts are at the offsets of their processes', () => {
  const read = createPendingReader(libbpfOver([1, 2]), { buckets: null, fd: FD }, noBuckets())
  const events = read()
  const keyWord = connectEvent.process / 4
  expect([...processKeysOf(events)].map((at) => events.words[at])).toEqual([1000 + keyWord, 2000 + keyWord])
})
