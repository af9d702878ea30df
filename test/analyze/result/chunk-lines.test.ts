import { expect, test } from 'vitest'
import { chunkLines } from '../../../src/analyze/result/chunk-lines.js'

test('joins lines, each with its end', () => {
  expect([...chunkLines(['a', '', 'b'])]).toEqual(['a\n\nb\n'])
  expect([...chunkLines([])]).toEqual([])
})

test('makes pieces of many, and no line before it is wanted', () => {
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
