import { expect, test } from 'vitest'
import { createValueLists } from '../../../src/analyze/group/value-lists.js'
import { createRandom, randomInteger } from '../../store/random.js'

test.each([
  ['few', 10, 2 ** 31],
  ['many', 700_000, 2 ** 31],
  ['many beyond 32 bits', 200_000, 2 ** 50],
])('values come back by group: %s', (_, count, limit) => {
  const random = createRandom(count)
  const lists = createValueLists()
  const wanted: number[][] = [[], [], [], []]
  for (let i = 0; i < count; i++) {
    const group = randomInteger(random, 0, 2)
    const value = randomInteger(random, 0, limit)
    lists.add(group, value)
    wanted[group]!.push(value)
  }
  const ascending = (values: readonly number[]) => values.toSorted((a, b) => a - b)
  const taken = lists.take(4)
  expect(taken.map((values) => ascending(values.runs().flatMap((run) => [...run])))).toEqual(wanted.map(ascending))
  expect(taken.map(({ max }) => max)).toEqual(wanted.map((list) => ascending(list).at(-1) ?? null))
})

test('the highest of a group that is far behind the others is known', () => {
  const lists = createValueLists()
  lists.add(5000, 7)
  lists.add(1, 2 ** 40)
  const taken = lists.take(5001)
  expect([taken[0]!.max, taken[1]!.max, taken[5000]!.max]).toEqual([null, 2 ** 40, 7])
})

test('nothing is no list', () => {
  expect(createValueLists().take(0)).toEqual([])
})
