import { describe, expect, test } from 'vitest'
import type { NameAnswer } from '../../../src/record/dns/answer-log.js'
import { createNameCache } from '../../../src/record/dns/name-cache.js'
import { HOST_NETNS } from '../../../src/record/dns/netns-key.js'
import { countCalls } from '../../support/count-work.js'

const ADDRESS = 0xc0000201
const ME = { cgroupId: 1, netns: 10 }
const NEIGHBOUR = { cgroupId: 2, netns: 10 }
const HOST = { cgroupId: 4, netns: HOST_NETNS }
const STRANGER = { cgroupId: 3, netns: 30 }

function createCache(maxEntries?: number) {
  const cache = createNameCache(null, maxEntries)
  return {
    cache,
    add(name: string, answeredNs: number, fields: Partial<NameAnswer> = {}, address: number | string = ADDRESS) {
      cache.add(address, { name, isAsked: true, answeredNs, lookupNs: 5, ...ME, ...fields })
    },
    find: (atNs: number, asker = ME, address: number | string = ADDRESS) => cache.find(address, asker, atNs),
  }
}

describe('precedence of answers', () => {
  test('the same cgroup is first, then the network namespace, then the host (SEC-24)', () => {
    const { add, find } = createCache()
    add('host.example', 30, HOST)
    expect(find(100)?.name).toBe('host.example')
    add('netns.example', 20, NEIGHBOUR)
    expect(find(100)?.name).toBe('netns.example')
    add('cgroup.example', 10)
    expect(find(100)).toEqual({ name: 'cgroup.example', answeredNs: 10, lookupNs: 5, candidates: 1 })
  })

  test('answers for another container are never used (SEC-24)', () => {
    const { add, find } = createCache()
    add('stranger.example', 30, STRANGER)
    expect(find(100)).toBeNull()
    add('host.example', 20, HOST)
    expect(find(100)).toMatchObject({ name: 'host.example', candidates: 1 })
    expect(find(100, HOST)).toMatchObject({ name: 'host.example' })
  })

  test('a cgroup in two network namespaces uses answers of its own namespace and of an unknown one', () => {
    const { add, find } = createCache()
    add('mine.example', 10)
    add('theirs.example', 20, { netns: 30 })
    expect(find(100)).toMatchObject({ name: 'mine.example', candidates: 1 })
    expect(find(100, { cgroupId: 1, netns: 30 })).toMatchObject({ name: 'theirs.example', candidates: 1 })
    add('unknown.example', 30, { netns: 0 })
    expect(find(100)).toMatchObject({ name: 'unknown.example', candidates: 2 })
    expect(find(100, { cgroupId: 1, netns: 0 })).toMatchObject({ name: 'unknown.example', candidates: 3 })
  })

  test('an attempt with an unknown network namespace uses no answers of other namespaces', () => {
    const { add, find } = createCache()
    add('newer.example', 20, { cgroupId: 3, netns: 30 })
    add('unknown.example', 10, { cgroupId: 4, netns: 0 })
    expect(find(100, { cgroupId: 5, netns: 0 })?.name).toBe('newer.example')
  })

  test('answers of the cgroup that come after the attempt do not hide the answers of others', () => {
    const { add, find } = createCache()
    add('netns.example', 20, NEIGHBOUR)
    add('late.example', 50)
    expect(find(49)?.name).toBe('netns.example')
    expect(find(50)?.name).toBe('late.example')
  })

  test('an address without a lookup has no name, and an address has no name before its answer', () => {
    const { add, find } = createCache()
    add('a.example', 10)
    expect(find(100, ME, 0xc0000202)).toBeNull()
    expect(find(9)).toBeNull()
  })
})

describe('several names', () => {
  test('the newest answer before the attempt gives the name, and all matching names are counted', () => {
    const { add, find } = createCache()
    add('a.example', 10)
    add('b.example', 20)
    add('c.example', 30)
    expect(find(25)).toMatchObject({ name: 'b.example', answeredNs: 20, candidates: 2 })
    expect(find(30)).toMatchObject({ name: 'c.example', candidates: 3 })
  })

  test('a name that is looked up again is the newest again', () => {
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

  test('of two answers at the same ns, the later one gives the name', () => {
    const { add, find } = createCache()
    add('a.example', 10)
    add('b.example', 10)
    expect(find(10)?.name).toBe('b.example')
  })

  test('an attempt that ends late finds the answer before its start, despite many later answers', () => {
    const { add, find } = createCache()
    for (let i = 0; i < 1000; i++) add(i % 2 ? 'a.example' : 'b.example', i * 1e8)
    expect(find(1e8)).toMatchObject({ name: 'a.example', answeredNs: 1e8, candidates: 2 })
    expect(find(500e8 + 1)).toMatchObject({ name: 'b.example', answeredNs: 500e8 })
  })

  test('answers are found although they arrive out of order', () => {
    const { add, find } = createCache()
    add('b.example', 20)
    add('a.example', 10)
    expect(find(15)).toMatchObject({ name: 'a.example', candidates: 1 })
    expect(find(25)).toMatchObject({ name: 'b.example', candidates: 2 })
  })

  test('a name whose earliest answer arrives last is counted from that answer on', () => {
    const { add, find } = createCache()
    add('a.example', 20)
    add('b.example', 30)
    add('a.example', 10)
    expect([find(15), find(25), find(30)].map((match) => match?.candidates)).toEqual([1, 1, 2])
  })

  test('of more than 256 names, those with the earliest answers are counted, in any order of arrival', () => {
    const { add, find } = createCache()
    for (let i = 0; i < 300; i++) add(`${i}.example`, 1000 + i)
    add('first.example', 10)
    expect([find(10), find(1000), find(1254), find(5000)].map((match) => match?.candidates)).toEqual([1, 2, 256, 256])
  })

  test('a name with several askers is counted once, from its earliest answer on', () => {
    const { add, find } = createCache()
    const third = { cgroupId: 9, netns: 10 }
    const counted = (atNs: number) => find(atNs, third)?.candidates
    add('a.example', 10, NEIGHBOUR)
    add('b.example', 20, NEIGHBOUR)
    add('b.example', 15)
    add('c.example', 30)
    expect([10, 14, 15, 20, 30].map(counted)).toEqual([1, 1, 2, 2, 3])
    add('d.example', 12, HOST)
    add('e.example', 12)
    expect([12, 30].map(counted)).toEqual([2, 4])
    expect(find(30, { cgroupId: 9, netns: 99 })).toMatchObject({ name: 'd.example', candidates: 1 })
    expect(find(30, { cgroupId: 9, netns: 0 })).toMatchObject({ name: 'c.example', candidates: 5 })
  })
})

describe('an answer without a recorded query', () => {
  test('names addresses only for the cgroup that received it (SEC-26)', () => {
    const { add, find } = createCache()
    add('unasked.example', 10, { isAsked: false })
    expect(find(100)?.name).toBe('unasked.example')
    expect(find(100, NEIGHBOUR)).toBeNull()
    expect(find(100, STRANGER)).toBeNull()
    add('asked.example', 5)
    expect(find(100, NEIGHBOUR)).toMatchObject({ name: 'asked.example', candidates: 1 })
  })

  test('never takes precedence over answers to queries of the same cgroup, even if it is newer (SEC-26)', () => {
    const { add, find } = createCache()
    add('mine.example', 10)
    add('unasked.example', 20, { isAsked: false })
    expect(find(100)).toMatchObject({ name: 'mine.example', candidates: 1 })
    expect(find(100, { cgroupId: 1, netns: 0 })).toMatchObject({ name: 'mine.example' })
  })

  test('takes precedence over answers for others', () => {
    const { add, find } = createCache()
    add('unasked.example', 10, { isAsked: false })
    add('theirs.example', 20, NEIGHBOUR)
    expect(find(100)).toMatchObject({ name: 'unasked.example', candidates: 1 })
  })
})

describe('limits', () => {
  test('of 1,024 answers with one address for one asker within 150 s, every second one is removed', () => {
    const { add, find, cache } = createCache()
    for (let i = 0; i < 1024; i++) add(`${i}.example`, i * 1e6)
    expect(find(3e6)).toMatchObject({ name: '3.example', candidates: 4 })
    add('one-more.example', 1024e6)
    expect([find(2e6)?.name, find(3e6)?.name, find(1023e6)?.name]).toEqual(['2.example', '2.example', '1023.example'])
    expect(find(2000e6)).toMatchObject({ name: 'one-more.example', candidates: 256 })
    expect(cache.evicted).toBe(0)
  })

  test('answers older than the longest attempt are removed first, except the newest of them', () => {
    const { add, find } = createCache()
    for (let i = 0; i < 1025; i++) add(`${i}.example`, i * 1e9)
    expect(find(873e9)).toBeNull()
    expect(find(874e9)?.name).toBe('874.example')
    expect(find(950.5e9)?.name).toBe('950.example')
  })

  test('of 1,024 askers of an address, the one with the oldest answer is removed, and its names are counted (SEC-25)', () => {
    const { add, find, cache } = createCache()
    for (let i = 0; i < 1024; i++) add('a.example', i, { cgroupId: i, netns: i + 1 })
    add('a.example', 1024, { cgroupId: 0, netns: 1 })
    expect(cache.evicted).toBe(0)
    expect(find(1, { cgroupId: 1, netns: 2 })?.answeredNs).toBe(1)
    add('b.example', 1025, { cgroupId: 9999, netns: 9999 })
    expect(cache.evicted).toBe(1)
    expect(find(1, { cgroupId: 1, netns: 2 })?.answeredNs).not.toBe(1)
    expect(find(2000, { cgroupId: 0, netns: 1 })?.answeredNs).toBe(1024)
  })

  test('the names of many askers are visited once for all attempts, not once per attempt (SEC-30)', () => {
    const { add, find } = createCache()
    for (let i = 0; i < 64 * 255; i++)
      add(`${i % 255}.example`, i, { cgroupId: Math.floor(i / 255), netns: HOST_NETNS })
    const names = countCalls(Map.prototype, 'set')
    for (let i = 0; i < 2000; i++) find(50_000 + i, { cgroupId: 9999, netns: i })
    // The 255 names of 64 askers: once for askers with an unknown network namespace (0), once for all others.
    expect(names()).toBeLessThan(3 * 64 * 255)
    expect(find(50_000, { cgroupId: 9999, netns: 5 })?.candidates).toBe(255)
    expect(find(10, { cgroupId: 9999, netns: 5 })?.candidates).toBe(11)
  })

  test('names whose answers were removed count for the limit (SEC-29)', () => {
    const { add, find, cache } = createCache(4000)
    for (let address = 0; address < 20; address++) {
      for (let i = 0; i < 1024; i++) add(`${i % 256}.example`, i * 1e6, {}, address)
      // All answers except the newest are older than any attempt.
      add('late.example', 300e9, {}, address)
    }
    expect(cache.evicted).toBeGreaterThanOrEqual(5 * 256)
    expect([find(400e9, ME, 0), find(400e9, ME, 19)?.candidates]).toEqual([null, 256])
  })

  test('at the limit of answers, the address with the oldest answer is removed with all of its names', () => {
    const { add, find, cache } = createCache(4)
    add('a.example', 1, {}, 1)
    add('b.example', 2, {}, 2)
    add('c.example', 3, {}, 2)
    add('d.example', 4, {}, '1 2 3 4')
    add('a.example', 5, {}, 1)
    expect(cache.evicted).toBe(2)
    add('e.example', 6, {}, 3)
    expect(find(9, ME, 2)).toBeNull()
    expect([find(9, ME, 1)?.name, find(9, ME, '1 2 3 4')?.name, find(9, ME, 3)?.name]).toEqual([
      'a.example',
      'd.example',
      'e.example',
    ])
    add('f.example', 7, {}, 4)
    expect(cache.evicted).toBe(3)
  })

  test('replacing a name does not search for the oldest one', () => {
    const { add, cache } = createCache()
    const searches = countCalls(Map.prototype, 'entries', 'keys', 'values', 'forEach')
    for (let i = 0; i < 240_000; i++) add('a.example', i, {}, i)
    expect(cache.evicted).toBe(240_000 - 32_768)
    expect(searches()).toBeLessThan(240_000 / 1000)
  })

  test('a flood of names keeps 32,768 names and counts the others (SEC-29)', () => {
    const { add, find, cache } = createCache()
    for (let i = 0; i < 40_000; i++) add(`${i}.example`, i, {}, i)
    expect(cache.evicted).toBe(40_000 - 32_768)
    expect(find(Infinity, ME, 40_000 - 32_768)?.name).toBe(`${40_000 - 32_768}.example`)
    expect(find(Infinity, ME, 40_000 - 32_769)).toBeNull()
  })
})
