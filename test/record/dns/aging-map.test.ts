import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createAgingMap } from '../../../src/record/dns/aging-map.js'
import { createRandom, randomInteger } from '../../store/random.js'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

test('entries leave in the order of their last insertion', () => {
  const map = createAgingMap<string, number>()
  for (const [key, value] of Object.entries({ a: 1, b: 2, c: 3, d: 4 })) map.put(key, value)
  map.put('a', 5)
  map.delete('c')
  expect([...map.entries()]).toEqual([
    ['b', 2],
    ['d', 4],
    ['a', 5],
  ])
  expect([map.size, map.get('a'), map.get('c')]).toEqual([3, 5, undefined])
  expect([map.takeOldest(), map.takeOldest(), map.takeOldest(), map.takeOldest()]).toEqual([2, 4, 5, undefined])
  map.put('e', 6)
  expect([map.takeOldest(), map.size]).toEqual([6, 0])
})

test('entries leave in the order of their last insertion, also after many insertions and removals', () => {
  const map = createAgingMap<number, number>()
  const random = createRandom(4)
  const order: number[] = []
  const wrong: number[] = []
  for (let i = 0; i < 50_000; i++) {
    map.put(i, i)
    order.push(i)
    if (i % 3 === 0) map.delete(order.splice(randomInteger(random, 0, order.length - 1), 1)[0] as number)
    if (map.size > 100 && map.takeOldest() !== order.shift()) wrong.push(i)
  }
  expect(wrong).toEqual([])
})

test('memory does not grow if entries are only inserted and deleted', async () => {
  const map = createAgingMap<number, object>()
  const references: WeakRef<object>[] = []
  for (let i = 0; i < 20_000; i++) {
    const value = { i }
    map.put(i, value)
    map.delete(i - 10)
    if (i < 1000) references.push(new WeakRef(value))
  }
  await new Promise((resolve) => setTimeout(resolve, 1))
  collectGarbage()
  expect(references.filter((reference) => reference.deref() !== undefined)).toHaveLength(0)
  // The map itself has no garbage either.
  expect(map.size).toBe(10)
})
