import { expect, onTestFinished, test, vi } from 'vitest'
import { cached, createNumbering } from '../../../src/analyze/group/intern-keys.js'

test('equal keys of any type have one number', () => {
  const keys: unknown[] = []
  const number = createNumbering((key) => keys.push(key))
  expect([['a', 1], ['a', '1'], ['a\0', null], ['a', null], ['a', 1], [1n], [1]].map((key) => number(key))).toEqual([
    0, 1, 2, 3, 0, 4, 5,
  ])
  expect(keys).toHaveLength(6)
})

test('keys with different parts are different', () => {
  const number = createNumbering()
  expect(number(['a\0string:b'])).not.toBe(number(['a', 'b']))
})

test.each([0, 1, 1023, 1024, 4_194_303, 4_194_304, 1_700_000_000, -1, 2 ** 40])('%i is computed once', (id) => {
  let calls = 0
  const get = cached(() => calls++ + 5)
  expect([get(id), get(id), calls]).toEqual([5, 5, 1])
})

test('ids far from 0 take little memory, in whatever order they come', () => {
  const lengths: number[] = []
  class NotedArray extends Int32Array {
    constructor(length: number) {
      super(length)
      lengths.push(length)
    }
  }
  vi.stubGlobal('Int32Array', NotedArray)
  onTestFinished(() => void vi.unstubAllGlobals())
  const get = cached((id) => id % 1000)
  const ids = Array.from({ length: 5000 }, (_, i) => 3_000_000 + ((i * 2311) % 5000))
  for (const id of [...ids, ...ids]) expect(get(id)).toBe(id % 1000)
  expect(Math.max(...lengths)).toBeLessThanOrEqual(16_384)
})
