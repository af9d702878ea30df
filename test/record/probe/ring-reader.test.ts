import { describe, expect, test } from 'vitest'
import { PROCESS_BYTES } from '../../../src/record/event/process-table.js'
import { BUSY, DISCARDED } from '../../../src/record/probe/ring-buffer.js'
import { ATTEMPT_BYTES } from '../../../src/record/probe/ring-reader.js'
import { connectEvent, processEvent, processFacts } from '../../../src/record/event/wire.gen.js'
import { createMemoryRing } from './memory-ring.js'

const SIZE_BYTES = 4096
const PROCESS_RECORD_BYTES = 8 + processEvent.size_bytes
/** Number of attempts that fit into the ring. */
const ATTEMPTS = Math.floor(SIZE_BYTES / ATTEMPT_BYTES)
/** A record type that the reader does not know. */
const OTHER_BYTES = 100

/** An attempt whose first word is its number, of the process with this key. */
function makeAttempt(number: number, [position, generation]: readonly [number, number] = [0, 0]): Uint8Array {
  const words = new Uint32Array(connectEvent.size_bytes / 4)
  words[0] = number
  words.set([position, generation], connectEvent.process / 4)
  return new Uint8Array(words.buffer)
}

/** A process with this pid, whose bytes are all used. */
function makeProcess(pid: number, key: readonly [number, number]): Uint8Array {
  const words = new Uint32Array(processEvent.size_bytes / 4).fill(0x61616161)
  words.set(key, processEvent.key / 4)
  words[(processEvent.facts + processFacts.pid) / 4] = pid
  return new Uint8Array(words.buffer)
}

/** `startAt` is the position of the first record. */
function createRing(startAt = 0n) {
  const ring = createMemoryRing(SIZE_BYTES, startAt)
  const { reader } = ring
  let next = 0
  const append = (record: Uint8Array, flags?: number) => {
    const position = ring.append(record, flags)
    if (position === null) throw new Error('the ring is full')
    return position
  }
  const factsAt = (word: number) => {
    const slot = reader.processes.find(reader.words, word)
    return reader.processes.words[(slot * PROCESS_BYTES + processFacts.pid) / 4] as number
  }
  return {
    ...ring,
    append,
    /** Appends an attempt with a running number, and returns its position. */
    appendAttempt: (flags = 0) => append(makeAttempt(next++), flags),
    /** The running numbers of the attempts that are passed. */
    peek(limit = Infinity, withinBytes = Infinity): number[] {
      const taken: number[] = []
      const count = reader.peek((offset) => taken.push(reader.words[offset / 4] as number), limit, withinBytes)
      expect(count).toBe(taken.length)
      return taken
    },
    /** The pids of the attempts that are passed; 0 for an unknown process. */
    peekPids(limit = Infinity): number[] {
      const pids: number[] = []
      reader.peek((offset) => pids.push(factsAt((offset + connectEvent.process) / 4)), limit)
      return pids
    },
    /** The pid that the table has for a key now. */
    pidOf(key: readonly [number, number]): number {
      const slot = reader.processes.find(Uint32Array.from(key), 0)
      return reader.processes.words[(slot * PROCESS_BYTES + processFacts.pid) / 4] as number
    },
  }
}

describe('reading', () => {
  test('an empty ring passes no attempts', () => {
    const { peek, reader } = createRing()
    expect(peek()).toEqual([])
    expect(reader.pendingBytes()).toBe(0)
  })

  test('committed attempts are passed, oldest first, until they are released', () => {
    const { appendAttempt, peek, reader, positions } = createRing()
    for (let i = 0; i < 3; i++) appendAttempt()
    expect(peek()).toEqual([0, 1, 2])
    expect(peek()).toEqual([0, 1, 2])
    expect(positions.consumer[0]).toBe(0n)
    expect(reader.release()).toBe(3 * ATTEMPT_BYTES)
    expect(positions.consumer[0]).toBe(3n * BigInt(ATTEMPT_BYTES))
    expect(peek()).toEqual([])
  })

  test('words and bytes are the same memory', () => {
    const { appendAttempt, reader } = createRing()
    appendAttempt()
    reader.peek((offset) => {
      reader.words[offset / 4] = 0x04030201
      expect([...reader.bytes.subarray(offset, offset + 4)]).toEqual([1, 2, 3, 4])
    }, 1)
    expect(reader.sizeBytes).toBe(SIZE_BYTES)
  })

  test('reading stops at a record that is not committed yet, and continues there', () => {
    const { appendAttempt, commit, peek, reader } = createRing()
    appendAttempt()
    const busy = appendAttempt(BUSY)
    appendAttempt()
    expect(peek()).toEqual([0])
    reader.release()
    expect(peek()).toEqual([])
    expect(reader.pendingBytes()).toBe(2 * ATTEMPT_BYTES)
    commit(busy)
    expect(peek()).toEqual([1, 2])
  })

  test('discarded records are skipped, and released with the others', () => {
    const { appendAttempt, peek, reader } = createRing()
    for (const flags of [DISCARDED, 0, DISCARDED, DISCARDED, 0, DISCARDED]) appendAttempt(flags)
    expect(peek()).toEqual([1, 4])
    expect(reader.release()).toBe(6 * ATTEMPT_BYTES)
    expect(reader.pendingBytes()).toBe(0)
  })

  test('no more attempts are passed than the limit; discarded ones do not count', () => {
    const { appendAttempt, peek, reader } = createRing()
    for (const flags of [0, DISCARDED, 0, 0, 0]) appendAttempt(flags)
    expect(peek(2)).toEqual([0, 2])
    reader.release()
    expect(peek(1)).toEqual([3])
    reader.release()
    expect(peek(9)).toEqual([4])
    expect(peek(0)).toEqual([])
  })

  test('a release without a read, or a second release, releases nothing', () => {
    const { appendAttempt, peek, reader, positions } = createRing()
    appendAttempt()
    expect(reader.release()).toBe(0)
    expect(positions.consumer[0]).toBe(0n)
    peek()
    expect([reader.release(), reader.release()]).toEqual([ATTEMPT_BYTES, 0])
    expect(positions.consumer[0]).toBe(BigInt(ATTEMPT_BYTES))
  })
})

describe('records of different lengths', () => {
  test('processes are added to the table, and only attempts are passed', () => {
    const { append, peekPids, reader } = createRing()
    append(makeProcess(501, [3, 1]))
    append(makeAttempt(0, [3, 1]))
    append(makeProcess(502, [700, 1]))
    append(makeAttempt(1, [700, 1]))
    append(makeAttempt(2, [3, 1]))
    expect(peekPids()).toEqual([501, 502, 501])
    expect(reader.release()).toBe(2 * PROCESS_RECORD_BYTES + 3 * ATTEMPT_BYTES)
    expect(reader.pendingBytes()).toBe(0)
  })

  test('a process that replaces another at the same position does so from its place in the ring on', () => {
    const { append, peekPids } = createRing()
    append(makeProcess(501, [3, 1]))
    append(makeAttempt(0, [3, 1]))
    append(makeProcess(502, [3, 2]))
    append(makeAttempt(1, [3, 2]))
    append(makeAttempt(2, [3, 1]))
    expect(peekPids()).toEqual([501, 502, 501])
  })

  test('a discarded process is not added to the table', () => {
    const { append, peekPids } = createRing()
    append(makeProcess(501, [3, 1]), DISCARDED)
    append(makeAttempt(0, [3, 1]))
    expect(peekPids()).toEqual([0])
  })

  test('an uncommitted process delays the attempts after it', () => {
    const { append, commit, peekPids } = createRing()
    const busy = append(makeProcess(501, [3, 1]), BUSY)
    append(makeAttempt(0, [3, 1]))
    expect(peekPids()).toEqual([])
    commit(busy)
    expect(peekPids()).toEqual([501])
  })

  test('a process after the last attempt of the limit is left for the next read', () => {
    const { append, peekPids, reader } = createRing()
    append(makeAttempt(0))
    append(makeProcess(501, [3, 1]))
    append(makeAttempt(1, [3, 1]))
    expect(peekPids(1)).toEqual([0])
    expect(reader.release()).toBe(ATTEMPT_BYTES)
    expect(peekPids(1)).toEqual([501])
  })

  test('a record of another length is skipped, and the next one is found at a multiple of 8', () => {
    const { append, appendAttempt, peek, reader } = createRing()
    append(new Uint8Array(OTHER_BYTES))
    appendAttempt()
    expect(peek()).toEqual([0])
    expect(reader.release()).toBe(112 + ATTEMPT_BYTES)
  })

  test('no attempt is passed that begins beyond the requested bytes', () => {
    const { append, appendAttempt, peek, reader } = createRing()
    append(makeProcess(501, [3, 1]))
    appendAttempt()
    const explainedBytes = reader.pendingBytes()
    appendAttempt()
    expect(peek(Infinity, explainedBytes)).toEqual([0])
    expect(reader.release()).toBe(explainedBytes)
    expect(peek(Infinity, 0)).toEqual([])
    expect(peek(Infinity, reader.pendingBytes())).toEqual([1])
  })
})

describe('processes', () => {
  test('of the whole ring are added without reading attempts, also after uncommitted records', () => {
    const { append, appendAttempt, peek, pidOf, reader } = createRing()
    append(makeProcess(501, [1, 1]))
    appendAttempt()
    appendAttempt(BUSY)
    append(makeProcess(502, [2, 1]))
    append(makeProcess(503, [3, 1]), BUSY)
    append(makeProcess(504, [4, 1]), DISCARDED)
    append(makeProcess(505, [5, 1]))
    reader.learnProcesses()
    expect([1, 2, 3, 4, 5].map((position) => pidOf([position, 1]))).toEqual([501, 502, 0, 0, 505])
    expect(reader.release()).toBe(0)
    expect(peek()).toEqual([0])
  })

  test('that were added early are the same when they are read', () => {
    const { append, peekPids, reader } = createRing()
    append(makeProcess(501, [1, 1]))
    append(makeAttempt(0, [1, 1]))
    reader.learnProcesses()
    reader.learnProcesses()
    expect(peekPids()).toEqual([501])
    expect(reader.processes.supersededCount).toBe(0)
  })

  test('that were superseded are removed once the ring is read up to its end at that time', () => {
    const { append, peekPids, pidOf, reader } = createRing()
    append(makeProcess(501, [1, 1]))
    append(makeProcess(502, [1, 2]))
    append(makeAttempt(0, [1, 1]))
    append(makeAttempt(1, [1, 1]))
    reader.learnProcesses()
    reader.forgetProcesses(() => ({ words: new Uint32Array(0), wordOffsets: [] }))
    append(makeAttempt(2, [1, 2]))
    expect(peekPids(1)).toEqual([501])
    reader.release()
    expect([pidOf([1, 1]), reader.processes.supersededCount]).toEqual([501, 1])
    expect(peekPids()).toEqual([501, 502])
    reader.release()
    // A copy of released attempts may still be in use.
    expect(pidOf([1, 1])).toBe(501)
    expect(peekPids()).toEqual([])
    expect([pidOf([1, 1]), pidOf([1, 2]), reader.processes.supersededCount]).toEqual([0, 502, 0])
  })

  test('of pending attempts are kept', () => {
    const { append, pidOf, peek, reader } = createRing()
    for (const [pid, key] of [
      [501, [1, 1]],
      [502, [1, 2]],
      [503, [1, 3]],
    ] as const)
      append(makeProcess(pid, key))
    peek()
    reader.forgetProcesses(() => ({ words: Uint32Array.of(0, 0, 1, 2), wordOffsets: [2] }))
    reader.release()
    peek()
    expect([pidOf([1, 1]), pidOf([1, 2]), pidOf([1, 3])]).toEqual([0, 502, 503])
  })
})

test('records that arrive while pending attempts are read delay the removal of processes', () => {
  const { append, peekPids, pidOf, reader } = createRing()
  append(makeProcess(501, [1, 1]))
  append(makeProcess(502, [1, 2]))
  reader.learnProcesses()
  reader.forgetProcesses(() => {
    append(makeAttempt(0, [1, 1]))
    return { words: new Uint32Array(0), wordOffsets: [] }
  })
  expect(peekPids()).toEqual([501])
  reader.release()
  expect(peekPids()).toEqual([])
  expect(pidOf([1, 1])).toBe(0)
})

describe.each([0n, BigInt(SIZE_BYTES), 2n ** 32n - 8n, 2n ** 53n, 2n ** 63n])('a ring at position %d', (startAt) => {
  test('is read around its end, many times', () => {
    const ring = createRing(startAt)
    let expected = 0
    for (let round = 0; round < 200; round++) {
      const count = round % ATTEMPTS
      for (let i = 0; i < count; i++) ring.appendAttempt()
      expect(ring.peek()).toEqual(Array.from({ length: count }, () => expected++))
      ring.reader.release()
      expect(ring.positions.consumer[0]).toBe(ring.positions.producer[0])
    }
  })

  test('is read when it is full', () => {
    const ring = createRing(startAt)
    for (let i = 0; i < ATTEMPTS; i++) ring.appendAttempt()
    expect(() => ring.appendAttempt()).toThrow('full')
    expect(ring.reader.pendingBytes()).toBe(ATTEMPTS * ATTEMPT_BYTES)
    expect(ring.peek()).toHaveLength(ATTEMPTS)
  })
})

/** Offsets before the end of the ring at which a record begins: every place at which it can be split. */
const cuts = (recordBytes: number) => Array.from({ length: recordBytes / 8 }, (_, i) => (i + 1) * 8)

test.each(cuts(ATTEMPT_BYTES))(
  'an attempt that begins %i bytes before the end of the ring is read completely',
  (bytes) => {
    const { append, reader } = createRing(BigInt(SIZE_BYTES - bytes))
    const attempt = Uint8Array.from({ length: connectEvent.size_bytes }, (_, i) => i + 1)
    append(attempt)
    append(makeAttempt(7))
    const seen: Uint8Array[] = []
    reader.peek((offset) => {
      seen.push(reader.bytes.slice(offset, offset + connectEvent.size_bytes))
      expect(reader.words[offset / 4]).toBe(seen.length === 1 ? 0x04030201 : 7)
    }, Infinity)
    expect(seen).toEqual([attempt, makeAttempt(7)])
  },
)

test.each(cuts(PROCESS_RECORD_BYTES))(
  'a process that begins %i bytes before the end of the ring is read completely',
  (bytes) => {
    const { append, peekPids, reader } = createRing(BigInt(SIZE_BYTES - bytes))
    const record = makeProcess(501, [1, 1])
    append(record)
    append(makeAttempt(0, [1, 1]))
    expect(peekPids()).toEqual([501])
    const slot = reader.processes.find(Uint32Array.of(1, 1), 0)
    const held = reader.processes.bytes.slice(slot * PROCESS_BYTES, (slot + 1) * PROCESS_BYTES)
    expect(held).toEqual(record.slice(processEvent.facts))
  },
)

test('records of all lengths are read across the end of the ring, many times', () => {
  const { append, peekPids, reader, positions } = createRing()
  for (let round = 1; round <= 500; round++) {
    append(new Uint8Array(OTHER_BYTES))
    append(makeProcess(round, [round % 5, round]))
    append(makeAttempt(round, [round % 5, round]))
    append(makeAttempt(round, [round % 5, round]), round % 3 === 0 ? DISCARDED : 0)
    expect(peekPids()).toEqual(round % 3 === 0 ? [round] : [round, round])
    reader.release()
    expect(positions.consumer[0]).toBe(positions.producer[0])
  }
})
