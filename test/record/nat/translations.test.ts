import { describe, expect, test } from 'vitest'
import { formatAddress } from '../../../src/attempt/address.js'
import { addressOf, portOf } from '../../../src/record/nat/endpoint-key.js'
import { createTranslations, type NetnsId, type Translations } from '../../../src/record/nat/translations.js'
import { packEndpoint, packTranslation, type EndpointText } from './nat-payloads.js'

const POD: NetnsId = { inode: 11, cookie: 101 }
const NODE: NetnsId = { inode: 12, cookie: 102 }
const OTHER_NODE: NetnsId = { inode: 13, cookie: 103 }
const SOURCE = '10.244.0.5:40000'
const SERVICE = '10.96.0.10:80'
const ROUTE = [SOURCE, SERVICE] as const
const to = (backend: EndpointText): [EndpointText, EndpointText] => [SOURCE, backend]

interface Asked {
  readonly route?: readonly [EndpointText, EndpointText]
  readonly netns?: NetnsId
  readonly fromNs?: number
  readonly toNs?: number
}

function find(
  translations: Translations,
  { route = ROUTE, netns = POD, fromNs = 100, toNs = 200 }: Asked = {},
): string | null {
  const words = Uint32Array.from(route.flatMap((text) => [...packEndpoint(text)]))
  const found = translations.find({ words, netns, fromNs, toNs })
  return found && `${formatAddress(addressOf(found))} ${portOf(found)}`
}

describe('the destination of an attempt', () => {
  test('is that of the translation of its route, over IPv4 and IPv6', () => {
    const translations = createTranslations()
    expect(translations.isEmpty).toBe(true)
    translations.add(150, NODE, packTranslation(ROUTE, to('10.244.1.7:8443')))
    const ipv6 = ['fd00::5 40000', 'fd96::10 80'] as const
    translations.add(150, NODE, packTranslation(ipv6, ['fd00::5 40000', 'fd00:1::7 8443']))
    expect(translations.isEmpty).toBe(false)
    expect(find(translations)).toBe('10.244.1.7 8443')
    expect(find(translations, { route: ipv6 })).toBe('fd00:1::7 8443')
  })

  test.each<Asked>([
    { route: ['10.244.0.5:40001', SERVICE] },
    { route: ['10.244.0.6:40000', SERVICE] },
    { route: [SOURCE, '10.96.0.11:80'] },
    { route: [SOURCE, '10.96.0.10:81'] },
    { fromNs: 151 },
    { toNs: 149 },
  ])('is not that of another route or time: %j', (asked) => {
    const translations = createTranslations()
    translations.add(150, NODE, packTranslation(ROUTE, to('10.244.1.7:8443')))
    expect(find(translations, asked)).toBeNull()
  })

  test('is the one of its time, if the port of the source was used again', () => {
    const translations = createTranslations()
    translations.add(150, NODE, packTranslation(ROUTE, to('10.244.1.7:1')))
    translations.add(250, NODE, packTranslation(ROUTE, to('10.244.1.7:2')))
    expect(find(translations)).toBe('10.244.1.7 1')
    expect(find(translations, { fromNs: 240, toNs: 260 })).toBe('10.244.1.7 2')
    // A SYN that is sent again may get another backend: the last one answered.
    expect(find(translations, { toNs: 260 })).toBe('10.244.1.7 2')
  })

  test('is the one of its time, if the port of the source was used again for an earlier backend', () => {
    const translations = createTranslations()
    for (const [ns, port] of [
      [10, 1],
      [20, 2],
      [30, 1],
      [40, 2],
    ]) {
      translations.add(ns as number, NODE, packTranslation(ROUTE, to(`10.244.1.7:${port}`)))
    }
    const findAt = (ns: number) => find(translations, { fromNs: ns - 1, toNs: ns + 5 })
    expect([10, 20, 30, 40].map(findAt)).toEqual([1, 2, 1, 2].map((port) => `10.244.1.7 ${port}`))
  })

  test('is not that of the same route minutes before and after', () => {
    const translations = createTranslations()
    for (const ns of [0, 100e9, 500e9]) translations.add(ns, NODE, packTranslation(ROUTE, to('10.244.1.7:1')))
    expect(find(translations, { fromNs: 50e9, toNs: 60e9 })).toBeNull()
    expect(find(translations, { fromNs: 300e9, toNs: 310e9 })).toBeNull()
    expect(find(translations, { fromNs: 499e9, toNs: 501e9 })).toBe('10.244.1.7 1')
  })

  test('lasts from the first SYN to the last one, of whatever device', () => {
    const translations = createTranslations()
    for (const ns of [150, 151, 1150]) translations.add(ns, NODE, packTranslation(ROUTE, to('10.244.1.7:1')))
    expect(find(translations, { fromNs: 900, toNs: 950 })).toBe('10.244.1.7 1')
  })

  test('is that of its own network namespace before that of another one', () => {
    const translations = createTranslations()
    translations.add(150, NODE, packTranslation(ROUTE, to('10.244.1.7:1')))
    translations.add(150, POD, packTranslation(ROUTE, to('127.0.0.1:15001'), false))
    expect(find(translations)).toBe('127.0.0.1 15001')
    // A socket of another namespace that has the same address.
    expect(find(translations, { netns: OTHER_NODE })).toBe('10.244.1.7 1')
    // A namespace that got the inode number of one that is gone.
    expect(find(translations, { netns: { ...POD, cookie: 999 } })).toBe('10.244.1.7 1')
    // Before Linux 5.12.
    expect(find(translations, { netns: { ...POD, cookie: 0 } })).toBe('127.0.0.1 15001')
  })

  test('is unknown if two namespaces translated the same route at the same time (GAP-96)', () => {
    const translations = createTranslations()
    translations.add(150, NODE, packTranslation(ROUTE, to('10.244.1.7:1')))
    translations.add(160, OTHER_NODE, packTranslation(ROUTE, to('10.244.9.9:1')))
    expect(find(translations)).toBeNull()
    expect(find(translations, { toNs: 155 })).toBe('10.244.1.7 1')
  })

  test('is the last one of several, also where the source is translated', () => {
    const translations = createTranslations()
    const hops = [SERVICE, '10.244.1.1:1', '10.244.1.2:2', '10.244.1.3:3', '10.244.1.4:4', '10.244.1.5:5']
    hops.slice(1).forEach((next, i) => {
      const source = (hop: number) => (hop === 0 ? SOURCE : `192.0.2.${hop}:${5000 + hop}`)
      translations.add(150 + i, NODE, packTranslation([source(i), hops[i] as string], [source(i + 1), next]))
    })
    expect(find(translations)).toBe('10.244.1.4 4')
  })

  test('ends, where translations lead in a circle', () => {
    const translations = createTranslations()
    translations.add(150, NODE, packTranslation(ROUTE, to('10.96.0.11:80')))
    translations.add(150, NODE, packTranslation([SOURCE, '10.96.0.11:80'], [...ROUTE]))
    expect(find(translations)).not.toBeNull()
  })
})

test('a namespace can give its destination to a route of another one, but not beside that of its node (SEC-85)', () => {
  const translations = createTranslations()
  translations.add(150, OTHER_NODE, packTranslation(ROUTE, to('192.0.2.66:66')))
  expect(find(translations)).toBe('192.0.2.66 66')
  translations.add(151, NODE, packTranslation(ROUTE, to('10.244.1.7:8443')))
  expect(find(translations)).toBeNull()
})

/** Replaces the last word of the source address: parsing hundreds of thousands of addresses takes most of a minute. */
function numberSource(words: Uint32Array, sources: readonly number[], number: number): Uint32Array {
  for (const at of sources) words[at] = number
  return words
}

test('translations in memory are bounded (SEC-86)', () => {
  const translations = createTranslations()
  const count = 300_000
  const added = packTranslation(ROUTE, ROUTE)
  const asked = added.slice(0, 10)
  const findNumber = (i: number) =>
    translations.find({ words: numberSource(asked, [3], i), netns: POD, fromNs: 100, toNs: 200 })
  for (let i = 0; i < count; i++) translations.add(150, NODE, numberSource(added, [3, 13], i))
  const kept = Array.from({ length: count }, (_, i) => i).filter((i) => findNumber(i) !== null)
  expect(kept.length).toBeLessThanOrEqual(131_072)
  expect(kept.at(-1)).toBe(count - 1)
})

test('translations in memory are bounded, also if routes are used again (SEC-86)', () => {
  const translations = createTranslations()
  const [routeCount, useCount] = [9000, 16]
  for (let use = 0; use < useCount; use++) {
    const added = packTranslation(ROUTE, to(`10.244.1.7:${use + 1}`))
    for (let i = 0; i < routeCount; i++) translations.add(1000 * use, NODE, numberSource(added, [3, 13], i))
  }
  let keptCount = 0
  const asked = packTranslation(ROUTE, ROUTE).slice(0, 10)
  for (let use = 0; use < useCount; use++) {
    for (let i = 0; i < routeCount; i++) {
      const times = { fromNs: 1000 * use, toNs: 1000 * use + 1 }
      if (translations.find({ words: numberSource(asked, [3], i), netns: POD, ...times })) keptCount++
    }
  }
  expect(keptCount).toBeGreaterThan(0)
  expect(keptCount).toBeLessThanOrEqual(131_072)
})

test('of one route the newest sixteen are kept (GAP-97)', () => {
  const translations = createTranslations()
  for (let i = 0; i < 20; i++) translations.add(1000 * i, NODE, packTranslation(ROUTE, to(`10.244.1.7:${i + 1}`)))
  const findAt = (ns: number) => find(translations, { fromNs: ns, toNs: ns + 1 })
  expect(findAt(3000)).toBeNull()
  expect(findAt(4000)).toBe('10.244.1.7 5')
  expect(findAt(19_000)).toBe('10.244.1.7 20')
})
