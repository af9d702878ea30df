import { expect, test } from 'vitest'
import { createValueLists } from '../../../src/analyze/sums/value-lists.js'
import { createRandom, randomInteger } from '../../store/random.js'

test.each([
  ['few', 10, 2 ** 31],
  ['many', 200_000, 2 ** 31],
  ['many beyond 32 bits', 200_000, 2 ** 50],
])('values come back by group, ascending: %s', (_, count, limit) => {
  const random = createRandom(count)
  const lists = createValueLists()
  const wanted: number[][] = [[], [], [], []]
  for (let round = 0; round < 2; round++) {
    for (const list of wanted) list.length = 0
    for (let i = 0; i < count; i++) {
      const group = randomInteger(random, 0, 2)
      const value = randomInteger(random, 0, limit)
      lists.add(group, value)
      wanted[group]!.push(value)
    }
    expect(lists.take(4).map((list) => [...list])).toEqual(wanted.map((list) => list.toSorted((a, b) => a - b)))
  }
})

test('nothing is no list', () => {
  expect(createValueLists().take(0)).toEqual([])
})
