import { expect, test } from 'vitest'
import type { Libbpf } from '../../../src/record/probe/libbpf.js'
import { createPendingReader } from '../../../src/record/probe/pending.js'

const EVENT_BYTES = 4
const [ENOENT, EPERM] = [-2, -1]

/** A map of libbpf's that holds these events and hands out `step` of them a call. */
function libbpfOver(events: readonly number[], { step = 2, error = 0 } = {}): Libbpf {
  const lookupBatch: Libbpf['lookupBatch'] = (...[, position, next, , values, count]) => {
    if (error !== 0) return error
    const from = position?.[0] ?? 0
    const taken = events.slice(from, from + step)
    new Uint32Array(values.buffer, 0, taken.length).set(taken)
    next[0] = from + taken.length
    count[0] = taken.length
    return from + step >= events.length ? ENOENT : 0
  }
  return { lookupBatch } as Libbpf
}

test.each([[[1, 2, 3]], [[1, 2, 3, 4]], [[]]])('%j come as events one after the other', (events) => {
  const read = createPendingReader(libbpfOver(events), 5, EVENT_BYTES)
  const { bytes, words, count } = read()
  expect([[...words], count, bytes.length]).toEqual([events, events.length, events.length * EVENT_BYTES])
  expect([...read().words]).toEqual(events)
})

test('what cannot be read is an error, not nothing', () => {
  const read = createPendingReader(libbpfOver([1], { error: EPERM }), 5, EVENT_BYTES)
  expect(read).toThrow('cannot read the pending attempts: error 1')
})
