import { expect, test } from 'vitest'
import { createNameCache, shiftNames } from '../../../src/record/dns/name-cache.js'

const ASKER = { cgroupId: 1, netns: 2 }

test('finds names that were answered before the session began, in the times of the session', () => {
  const cache = createNameCache()
  cache.add(5, { ...ASKER, isAsked: true, name: 'example.org', answeredNs: 100, lookupNs: 7 })
  const names = shiftNames(cache, 1000)
  const match = { name: 'example.org', answeredNs: -900, lookupNs: 7, candidates: 1 }
  expect(names.find(5, ASKER, 0)).toEqual(match)
  expect(names.find(5, ASKER, -900)).toEqual(match)
  expect(names.find(5, ASKER, -901)).toBeNull()
  cache.add(5, { ...ASKER, isAsked: true, name: 'example.net', answeredNs: 1500, lookupNs: null })
  expect(names.find(5, ASKER, 500)).toMatchObject({ name: 'example.net', answeredNs: 500 })
})
