import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { clearBatch, createBatch } from '../../../src/record/write/attempt-batch.js'
import { PENDING, decodeConnect, type DecodeTarget } from '../../../src/record/write/decode-connect.js'
import type { EventMemory } from '../../../src/record/event/event-memory.js'
import { EXE, PROCESS_BYTES, createProcessTable } from '../../../src/record/event/process-table.js'
import { createDictionaries, type DictionaryStore } from '../../../src/record/write/dictionaries.js'
import { connectEvent, processEvent, processFacts } from '../../../src/record/event/wire.gen.js'
import { OUTCOMES } from '../../../src/attempt/outcome.js'
import { packEvents, slotOf } from '../make-events.js'
import type { RecordedConnect, RecordedProcess } from './fixtures/recorded-connect.js'

/** Rows get the ids 100, 101 … in the order in which they are first seen. */
function createTarget(epochNs = 0n): DecodeTarget {
  let nextId = 100
  const store: DictionaryStore = {
    process: (bytes, at) => ({
      processId: nextId++,
      netns: new DataView(bytes.buffer).getUint32(at + processFacts.netns, true),
    }),
    endpoint: () => nextId++,
    localAddress: () => nextId++,
  }
  return {
    batch: createBatch(64),
    dictionaries: createDictionaries(store),
    names: null,
    nat: null,
    epochHigh: Number(epochNs >> 32n),
    epochLow: Number(epochNs & 0xffffffffn),
  }
}

function decodeAll(memory: EventMemory & { offsets: readonly number[] }, target = createTarget()): DecodeTarget {
  for (const offset of memory.offsets) decodeConnect(memory, offset, target)
  return target
}

describe('events of the ring, recorded from real connects', () => {
  const { process, connects } = readFixture<{ process: RecordedProcess; connects: RecordedConnect[] }>('loopback.json')
  const recorded = readEvents()

  test('are as many as the connects', () => {
    expect(recorded.offsets).toHaveLength(connects.length)
  })

  test.each(connects.map((connect, i) => [i, connect] as const))(
    'attempt %i has the values that its process measured',
    (i, connect) => {
      const { batch } = decodeAll(recorded)
      const shape = batch.shapes[batch.shape[i] as number]
      expect(shape).toEqual({
        outcome: OUTCOMES.indexOf(connect.outcome),
        errno: connect.errno ?? 0,
        synRetransmits: 0,
        flags: connect.flags,
      })
      expect(batch.tidDelta[i]).toBe(0)
      expect((batch.localEndpoint[i] as number) % 65_536).toBe(connect.local_port)
      expect(batch.startedNs[i]).toBeGreaterThanOrEqual(Number(connect.before_ns))
      expect((batch.startedNs[i] as number) + (batch.latencyNs[i] as number)).toBeLessThanOrEqual(
        Number(connect.after_ns),
      )
      expect(batch.latencyNs[i]).toBeGreaterThan(0)
    },
  )

  test('have one process, and a local address per address family', () => {
    const { batch } = decodeAll(recorded)
    expect(new Set(batch.processEntry.subarray(0, batch.count)).size).toBe(1)
    const ids = (column: Uint32Array | Float64Array) => Array.from(column.subarray(0, batch.count))
    const [v4, v6, mapped, refused4, refused6] = ids(batch.endpointEntry)
    expect(mapped).toBe(v4)
    expect(new Set([v4, v6, refused4, refused6]).size).toBe(4)
    const locals = ids(batch.localEndpoint).map((local) => Math.floor(local / 65_536))
    expect(locals.map((id) => id === locals[0])).toEqual(connects.map((connect) => connect.family === 4))
  })

  test('have the process and its namespaces', () => {
    const { bytes } = recorded.processes
    const view = new DataView(bytes.buffer)
    const first = recorded.offsets[0] as number
    const at = slotOf(recorded, first) * PROCESS_BYTES
    for (const name of ['pid', 'uid', 'netns', 'mntns'] as const) {
      expect(view.getUint32(at + processFacts[name], true), name).toBe(process[name])
    }
    expect(recorded.bytes[first + connectEvent.family]).toBe(4)
    expect(Number(view.getBigUint64(at + processFacts.exe_inode, true))).toBe(process.exe_inode)
    expect(Number(view.getBigUint64(at + processFacts.process_start_ns, true) / 10_000_000n)).toBe(process.start_ticks)
    expect(textAt(bytes, at + processFacts.comm)).toBe(process.comm)
    expect(textAt(bytes, at + EXE)).toBe(process.exe)
  })
})

describe('times', () => {
  test.each([0n, 1n, 0xffffffffn, 1n << 32n, (1n << 53n) - 1n, (1n << 53n) + 12_345n, 1n << 62n])(
    'are exact in a session that began at %d',
    (epochNs) => {
      const offsetsNs = [0n, 1n, 0xffffffffn, 1n << 32n, 8_999_999_999_999_999n]
      const packed = packEvents(offsetsNs.map((ns) => ({ startedNs: epochNs + ns })))
      const { batch } = decodeAll(packed, createTarget(epochNs))
      expect(Array.from(batch.startedNs.subarray(0, batch.count))).toEqual(offsetsNs.map(Number))
    },
  )

  test('are negative before the session began', () => {
    const { batch } = decodeAll(packEvents([{ startedNs: (1n << 60n) - 5n }]), createTarget(1n << 60n))
    expect(batch.startedNs[0]).toBe(-5)
  })

  test('have the minimum and maximum of all events, in any order', () => {
    const { batch } = decodeAll(packEvents([{ startedNs: 30n }, { startedNs: 10n }, { startedNs: 20n }]))
    expect([batch.minStartedNs, batch.maxStartedNs]).toEqual([10, 30])
    expect(Array.from(batch.startedNs.subarray(0, 3))).toEqual([30, 10, 20])
  })

  test('are exact for latencies above 2^32 ns', () => {
    const { batch } = decodeAll(packEvents([{ latencyNs: 127_000_000_001n }]))
    expect(batch.latencyNs[0]).toBe(127_000_000_001)
  })
})

describe('shapes', () => {
  test('are shared by rows with the same outcome, errno, SYN retransmits and flags', () => {
    const events = [{ outcome: 1, error: 111 }, {}, { outcome: 1, error: 111 }, { pid: 5 }]
    const { batch } = decodeAll(packEvents(events))
    expect(batch.shapes).toHaveLength(2)
    expect(Array.from(batch.shape.subarray(0, 4))).toEqual([0, 1, 0, 1])
  })

  test.each([
    { outcome: 7 },
    { error: 65_535 },
    { error: 1 },
    { synRetransmits: 255 },
    { synRetransmits: 1 },
    { flags: 255 },
    { flags: 1 },
    { flags: 31, synRetransmits: 6, error: 110, outcome: 2 },
  ])('%j has a shape of its own', (event) => {
    const { batch } = decodeAll(packEvents([{}, event]))
    expect(batch.shapes).toHaveLength(2)
    const { outcome = 0, error = 0, synRetransmits = 0, flags = 0 } = event
    expect(batch.shapes[1]).toEqual({ outcome, errno: error, synRetransmits, flags })
  })

  test('pending attempts get their outcome from the caller', () => {
    const target = createTarget()
    const packed = packEvents([{ outcome: 0 }])
    decodeConnect(packed, 0, target, PENDING)
    expect(target.batch.shapes[0]?.outcome).toBe(OUTCOMES.indexOf('pending'))
  })

  test('are cleared with the batch', () => {
    const target = decodeAll(packEvents([{ outcome: 1 }]))
    clearBatch(target.batch)
    decodeAll(packEvents([{ outcome: 2 }]), target)
    expect(target.batch.shapes.map((shape) => shape.outcome)).toEqual([2])
    expect([target.batch.count, target.batch.shape[0]]).toEqual([1, 0])
    expect([target.batch.minStartedNs, target.batch.maxStartedNs]).toEqual([1e9, 1e9])
  })
})

test('threads are stored as the difference between tid and pid', () => {
  const { batch } = decodeAll(packEvents([{ pid: 1, tid: 4_194_303 }, { pid: 4_194_303, tid: 1 }, {}]))
  expect(Array.from(batch.tidDelta.subarray(0, 3))).toEqual([4_194_302, -4_194_302, 0])
})

function readFixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')) as T
}

/** Reads processes and attempts, one per line. */
function readEvents(): EventMemory & { offsets: number[] } {
  const lines = readFileSync(new URL('fixtures/loopback.hex', import.meta.url), 'utf8')
    .trim()
    .split('\n')
  const bytes = Uint8Array.from(Buffer.from(lines.join(''), 'hex'))
  const words = new Uint32Array(bytes.buffer)
  const processes = createProcessTable()
  const offsets: number[] = []
  lines.reduce((at, line) => {
    const lengthBytes = line.length / 2
    if (lengthBytes === processEvent.size_bytes) processes.add(words, bytes, at)
    else offsets.push(at)
    return at + lengthBytes
  }, 0)
  return { bytes, words, processes, offsets }
}

function textAt(bytes: Uint8Array, at: number): string {
  return Buffer.from(bytes.subarray(at, bytes.indexOf(0, at))).toString()
}
