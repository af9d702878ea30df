import { describe, expect, test } from 'vitest'
import { MAX_ENTRIES, createDictionaries, type DictionaryStore } from '../../../src/record/write/dictionaries.js'
import { connectEvent, processFacts } from '../../../src/record/event/wire.gen.js'
import { LOOPBACK, LOOPBACK6, packEvents, slotOf, type EventFields } from '../make-events.js'

const word = (byteOffset: number) => byteOffset / 4
const ENDPOINT = word(connectEvent.remote_address)
const LOCAL = word(connectEvent.local_address)

/** A store that returns ids from `firstId` on, and keeps the offsets of its calls. */
function createStore(firstId = 1000) {
  const asked: { kind: string; byteOffset: number }[] = []
  const next = (kind: string, byteOffset: number) => firstId + asked.push({ kind, byteOffset }) - 1
  const store: DictionaryStore = {
    process: (bytes, at) => {
      const netns = new DataView(bytes.buffer).getUint32(at + processFacts.netns, true)
      return { processId: next('process', at), netns }
    },
    endpoint: (_, at) => next('endpoint', at),
    localAddress: (_, at) => next('localAddress', at),
  }
  return { asked, store }
}

/** Process ids of events, in order. */
function processIdsOf(events: readonly Partial<EventFields>[]): number[] {
  const dictionaries = createDictionaries(createStore().store)
  const packed = packEvents(events)
  const entries = packed.offsets.map((offset) => dictionaries.process(packed.processes, slotOf(packed, offset)))
  return entries.map((entry) => dictionaries.processIds[entry] as number)
}

describe('a process', () => {
  test('is one row for all of its threads and connects', () => {
    const ids = processIdsOf([{}, { tid: 1001, remotePort: 80 }, { localPort: 9, latencyNs: 1n }])
    expect(ids).toEqual([1000, 1000, 1000])
  })

  test.each<Partial<EventFields>>([
    { comm: 'other' },
    { pid: 1001 },
    { processStartNs: 900_000_001n },
    { processStartNs: 900_000_000n + (1n << 40n) },
    { uid: 0 },
    { cgroupId: 78n },
    { exeInode: 4712n },
    { netns: 1 },
    { mntns: 1 },
    { comm: 'curl\0x' },
  ])('is another row if a fact differs', (change) => {
    expect(processIdsOf([{}, change, {}, change])).toEqual([1000, 1001, 1000, 1001])
  })
})

describe('an endpoint', () => {
  test('is an address and a port', () => {
    const { asked, store } = createStore()
    const dictionaries = createDictionaries(store)
    const packed = packEvents([{}, { remotePort: 80 }, { remoteAddress: LOOPBACK6 }, { pid: 5 }, { localPort: 1 }])
    const entries = packed.offsets.map((offset) => dictionaries.endpoint(packed, word(offset) + ENDPOINT))
    expect(entries).toEqual([0, 1, 2, 0, 0])
    expect(dictionaries.endpointIds).toEqual([1000, 1001, 1002])
    expect(asked.map((one) => one.byteOffset)).toEqual(
      [0, 1, 2].map((i) => i * connectEvent.size_bytes + connectEvent.remote_address),
    )
  })
})

describe('a local address', () => {
  test('is stored without its port', () => {
    const dictionaries = createDictionaries(createStore().store)
    const packed = packEvents([
      { localPort: 1 },
      { localPort: 2 },
      { localAddress: LOOPBACK6 },
      { localAddress: LOOPBACK },
    ])
    const entries = packed.offsets.map((offset) => dictionaries.localAddress(packed, word(offset) + LOCAL))
    expect(entries).toEqual([0, 0, 1, 0])
  })
})

describe('attempts by network namespace', () => {
  test('are summed up over processes, and are kept by a reset', () => {
    const dictionaries = createDictionaries(createStore().store)
    const packed = packEvents([{ netns: 7 }, { netns: 7, pid: 2 }, { netns: 8 }])
    const countAll = () => {
      for (const offset of packed.offsets)
        dictionaries.countInNetns(dictionaries.process(packed.processes, slotOf(packed, offset)))
    }
    countAll()
    dictionaries.reset()
    countAll()
    expect(dictionaries.attemptsByNetns()).toEqual(
      new Map([
        [7, 4],
        [8, 2],
      ]),
    )
  })
})

describe('limit of memory', () => {
  test('is reached if a dictionary has 65,536 keys; ids are still right after a reset', () => {
    const { asked, store } = createStore()
    const dictionaries = createDictionaries(store)
    const packed = packEvents([{}])
    const portAt = connectEvent.remote_port / 4
    const endpointOf = (port: number) => {
      packed.words[portAt] = port
      return dictionaries.endpointIds[dictionaries.endpoint(packed, ENDPOINT)]
    }
    for (let port = 0; port < MAX_ENTRIES - 1; port++) endpointOf(port)
    expect(dictionaries.isFull()).toBe(false)
    endpointOf(MAX_ENTRIES - 1)
    expect(dictionaries.isFull()).toBe(true)
    expect(endpointOf(5)).toBe(1005)

    dictionaries.reset()
    expect(dictionaries.isFull()).toBe(false)
    const seen = asked.length
    expect(endpointOf(70_000)).toBe(1000 + seen)
    expect(endpointOf(5)).toBe(1000 + seen + 1)
    expect(endpointOf(70_000)).toBe(1000 + seen)
    expect(asked).toHaveLength(seen + 2)
  })
})

test('a rollback removes the entries since the mark, and keeps earlier ones', () => {
  const { asked, store } = createStore()
  const dictionaries = createDictionaries(store)
  const packed = packEvents([{ remotePort: 1 }, { remotePort: 2, pid: 2, localAddress: LOOPBACK6 }])
  const see = (i: number) => {
    const offset = packed.offsets[i] as number
    const at = word(offset)
    return [
      dictionaries.processIds[dictionaries.process(packed.processes, slotOf(packed, offset))],
      dictionaries.endpointIds[dictionaries.endpoint(packed, at + ENDPOINT)],
      dictionaries.localAddressIds[dictionaries.localAddress(packed, at + LOCAL)],
    ]
  }
  const first = see(0)
  dictionaries.mark()
  see(1)
  dictionaries.rollback()
  expect(see(0)).toEqual(first)
  expect(asked).toHaveLength(6)
  expect(see(1)).toEqual([1006, 1007, 1008])
  expect(see(0)).toEqual(first)
})
