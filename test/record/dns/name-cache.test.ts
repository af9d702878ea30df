import { describe, expect, test } from 'vitest'
import { createNameCache, type NameAnswer } from '../../../src/record/dns/name-cache.js'

const ADDRESS = 0xc0000201
const ME = { cgroupId: 1, netns: 10 }
const NEIGHBOUR = { cgroupId: 2, netns: 10 }
const STRANGER = { cgroupId: 3, netns: 30 }

function createCache(maxEntries?: number) {
  const cache = createNameCache(maxEntries)
  return {
    cache,
    add(name: string, answeredNs: number, fields: Partial<NameAnswer> = {}, address: number | string = ADDRESS) {
      cache.add(address, { name, answeredNs, lookupNs: 5, ...ME, ...fields })
    },
    find: (atNs: number, asker = ME, address: number | string = ADDRESS) => cache.find(address, asker, atNs),
  }
}

describe('whose names count', () => {
  test('those of the same cgroup first, then of the network namespace, then of the host', () => {
    const { add, find } = createCache()
    add('host.example', 30, STRANGER)
    expect(find(100)?.name).toBe('host.example')
    add('netns.example', 20, NEIGHBOUR)
    expect(find(100)?.name).toBe('netns.example')
    add('cgroup.example', 10)
    expect(find(100)).toEqual({ name: 'cgroup.example', answeredNs: 10, lookupNs: 5, candidates: 1 })
  })

  test('a cgroup in two network namespaces: those of the same one, and of one that is not known', () => {
    const { add, find } = createCache()
    add('mine.example', 10)
    add('theirs.example', 20, { netns: 30 })
    expect(find(100)).toMatchObject({ name: 'mine.example', candidates: 1 })
    expect(find(100, { cgroupId: 1, netns: 30 })).toMatchObject({ name: 'theirs.example', candidates: 1 })
    add('unknown.example', 30, { netns: 0 })
    expect(find(100)).toMatchObject({ name: 'unknown.example', candidates: 2 })
    expect(find(100, { cgroupId: 1, netns: 0 })).toMatchObject({ name: 'unknown.example', candidates: 3 })
  })

  test("an unknown network namespace is nobody else's", () => {
    const { add, find } = createCache()
    add('newer.example', 20, { cgroupId: 3, netns: 30 })
    add('unknown.example', 10, { cgroupId: 4, netns: 0 })
    expect(find(100, { cgroupId: 5, netns: 0 })?.name).toBe('newer.example')
  })

  test('answers of the cgroup that come too late leave the word to the others', () => {
    const { add, find } = createCache()
    add('netns.example', 20, NEIGHBOUR)
    add('late.example', 50)
    expect(find(49)?.name).toBe('netns.example')
    expect(find(50)?.name).toBe('late.example')
  })

  test('an address that nobody looked up has none, and neither has one before its answer', () => {
    const { add, find } = createCache()
    add('a.example', 10)
    expect(find(100, ME, 0xc0000202)).toBeNull()
    expect(find(9)).toBeNull()
  })
})

describe('several names', () => {
  test('the newest that was answered by then is taken, and all that fitted are counted', () => {
    const { add, find } = createCache()
    add('a.example', 10)
    add('b.example', 20)
    add('c.example', 30)
    expect(find(25)).toMatchObject({ name: 'b.example', answeredNs: 20, candidates: 2 })
    expect(find(30)).toMatchObject({ name: 'c.example', candidates: 3 })
  })

  test('one that is asked for again is the newest again', () => {
    const { add, find } = createCache()
    add('a.example', 10)
    add('b.example', 20)
    add('a.example', 30, { lookupNs: null })
    expect(find(40)).toEqual({ name: 'a.example', answeredNs: 30, lookupNs: null, candidates: 2 })
    expect(find(25)).toMatchObject({ name: 'b.example', candidates: 2 })
    expect(find(15)).toMatchObject({ name: 'a.example', answeredNs: 10, candidates: 1 })
  })

  test('the same name for two cgroups of a network namespace is one candidate', () => {
    const { add, find } = createCache()
    add('a.example', 10, NEIGHBOUR)
    add('a.example', 20, { cgroupId: 7 })
    expect(find(30, { cgroupId: 9, netns: 10 })).toMatchObject({ name: 'a.example', answeredNs: 20, candidates: 1 })
  })

  test('of two answers in the same ns the later one is taken', () => {
    const { add, find } = createCache()
    add('a.example', 10)
    add('b.example', 10)
    expect(find(10)?.name).toBe('b.example')
  })

  test('of many answers of a name the first and the newest stay', () => {
    const { add, find } = createCache()
    for (let ns = 1; ns <= 1000; ns++) add('a.example', ns)
    expect(find(1)?.answeredNs).toBe(1)
    expect(find(500)?.answeredNs).toBe(1)
    expect([find(990)?.answeredNs, find(2000)?.answeredNs]).toEqual([990, 1000])
  })
})

describe('bounds', () => {
  test('64 names of an address: the one that was not asked for the longest goes, and is counted', () => {
    const { add, find, cache } = createCache()
    for (let i = 0; i < 64; i++) add(`${i}.example`, i)
    add('0.example', 64)
    expect(cache.evicted).toBe(0)
    add('one-more.example', 65)
    expect(cache.evicted).toBe(1)
    expect(find(100)).toMatchObject({ name: 'one-more.example', candidates: 64 })
    expect(find(1)?.name).toBe('0.example')
    expect(find(1)?.candidates).toBe(1)
  })

  test('so many names: the address that was not answered for the longest goes, with all of its names', () => {
    const { add, find, cache } = createCache(4)
    add('a.example', 1, {}, 1)
    add('b.example', 2, {}, 2)
    add('c.example', 3, {}, 2)
    add('d.example', 4, {}, '1 2 3 4')
    add('a.example', 5, {}, 1)
    expect(cache.evicted).toBe(0)
    add('e.example', 6, {}, 3)
    expect(cache.evicted).toBe(2)
    expect(find(9, ME, 2)).toBeNull()
    expect([find(9, ME, 1)?.name, find(9, ME, '1 2 3 4')?.name, find(9, ME, 3)?.name]).toEqual([
      'a.example',
      'd.example',
      'e.example',
    ])
    add('f.example', 7, {}, 4)
    expect(cache.evicted).toBe(2)
  })

  test('a name that pushes another one out costs not much more than one that does not', () => {
    const { add, cache } = createCache()
    // ms for each 4,000 names: eight times there is room for them.
    const times = Array.from({ length: 60 }, (_, chunk) => {
      const startedMs = performance.now()
      for (let i = 0; i < 4000; i++) add('a.example', chunk, {}, chunk * 4000 + i)
      return performance.now() - startedMs
    })
    expect(cache.evicted).toBe(240_000 - 32_768)
    expect(median(times.slice(10)) / median(times.slice(0, 8))).toBeLessThan(3)
  })

  test('a flood of names leaves 32,768, and counts the others', () => {
    const { add, find, cache } = createCache()
    for (let i = 0; i < 40_000; i++) add(`${i}.example`, i, {}, i)
    expect(cache.evicted).toBe(40_000 - 32_768)
    expect(find(Infinity, ME, 40_000 - 32_768)?.name).toBe(`${40_000 - 32_768}.example`)
    expect(find(Infinity, ME, 40_000 - 32_769)).toBeNull()
  })
})

function median(values: readonly number[]): number {
  return values.toSorted((x, y) => x - y)[Math.floor(values.length / 2)] as number
}
