import { expect, test } from 'vitest'
import { createPairNumbers } from '../../../src/analyze/group/intern-pairs.js'
import { createRandom, randomInteger } from '../../store/random.js'

test.each([
  ['few', 100, 20],
  ['so many that the table grows', 50_000, 3000],
  ['of large numbers', 5000, 2 ** 25],
])('pairs have one number each, in the order of first sight: %s', (_, count, limit) => {
  const random = createRandom(count)
  const pairs = createPairNumbers()
  const model = new Map<string, number>()
  for (let i = 0; i < count; i++) {
    const [first, second] = [randomInteger(random, 0, limit), randomInteger(random, 0, limit)]
    const wanted = model.get(`${first} ${second}`) ?? model.size
    model.set(`${first} ${second}`, wanted)
    expect(pairs.numberOf(first, second)).toBe(wanted)
  }
  expect(pairs.size).toBe(model.size)
  for (const [text, number] of model) expect(pairs.pairOf(number).join(' ')).toBe(text)
})
