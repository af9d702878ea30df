import { expect, test } from 'vitest'
import { chunkLines } from '../../../src/analyze/result/format.js'

test('joins lines, each with a line end', () => {
  expect([...chunkLines(['a', '', 'b'])]).toEqual(['a\n\nb\n'])
  expect([...chunkLines([])]).toEqual([])
})

test('splits many lines into chunks, and creates lines on demand', () => {
  let made = 0
  function* lines() {
    for (; made < 100_000; made++) yield `line ${made}`
  }
  const chunks = chunkLines(lines())
  const first = chunks.next().value as string
  expect(first.length).toBeLessThan(70_000)
  expect(made).toBeLessThan(10_000)
  const all = [first, ...chunks]
  expect(all.length).toBeGreaterThan(10)
  expect(all.join('')).toBe(Array.from({ length: 100_000 }, (_, i) => `line ${i}\n`).join(''))
})
