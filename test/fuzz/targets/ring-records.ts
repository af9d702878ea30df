import * as fc from 'fast-check'
import { clearBatch, createBatch } from '../../../src/record/write/attempt-batch.js'
import { decodeConnect, type DecodeTarget } from '../../../src/record/write/decode-connect.js'
import { readText } from '../../../src/record/event/event-memory.js'
import { createDictionaries, type DictionaryStore } from '../../../src/record/write/dictionaries.js'
import { EXE } from '../../../src/record/event/process-table.js'
import { BUSY, DISCARDED } from '../../../src/record/probe/ring-buffer.js'
import { ATTEMPT_BYTES } from '../../../src/record/probe/ring-reader.js'
import { connectEvent, processEvent, processFacts } from '../../../src/record/event/wire.gen.js'
import { formatAddress, parseAddress } from '../../../src/attempt/address.js'
import { encodeBytes } from '../../../src/attempt/byte-text.js'
import { packEvents, type EventFields } from '../../record/make-events.js'
import { createMemoryRing, type MemoryRing } from '../../record/probe/memory-ring.js'
import { require, type FuzzTarget } from '../fuzz-target.js'

const SIZE_BYTES = 2048
/** Maximum number of records of an input: as many attempts fit into the ring and into a batch. */
const MAX_RECORDS = 24
/** Number of inputs after which ring, processes and dictionaries are reset: they depend on earlier inputs. */
const INPUTS_PER_RING = 500
const STATES = ['attempt', 'process', 'other', 'discarded', 'busy'] as const
type State = (typeof STATES)[number]

/** Records in the ring: the kernel determines their lengths, the processes of the host determine their fields. */
export function createRingRecords(): FuzzTarget {
  let ring = createMemoryRing(SIZE_BYTES)
  let target = createDecodeTarget()
  let inputs = 0
  return {
    name: 'ring-records',
    seeds: [
      [{}, { outcome: 1, error: 111 }],
      [{ pid: 0 }, { comm: 'other' }, {}],
    ].map(seedOf),
    take(input) {
      if (inputs++ % INPUTS_PER_RING === 0) {
        ring = createMemoryRing(SIZE_BYTES, BigInt(input[0] ?? 0) * 8n)
        target = createDecodeTarget()
      }
      clearBatch(target.batch)
      fill(ring, input)
      const limit = (input[0] ?? 0) % (MAX_RECORDS + 2)
      const before = ring.reader.pendingBytes()
      const count = ring.reader.peek((offset) => decodeConnect(ring.reader, offset, target), limit)
      const { batch } = target
      require(count <= limit && count === batch.count, () => `${batch.count} events of ${count}, at most ${limit}`)
      for (let row = 0; row < count; row++) requireSoundRow(target, row)
      const released = ring.reader.release()
      require(ring.reader.pendingBytes() === before - released, () => `released ${released} of ${before} bytes`)
      require(released >= count * ATTEMPT_BYTES && released <= before, () => `released ${released} of ${before} bytes`)
      empty(ring)
    },
    property: fc.property(
      fc.array(fc.constantFrom(...STATES), { maxLength: 8 }),
      fc.nat({ max: 8 }),
      fc.bigInt({ min: 0n, max: 2n ** 54n }),
      (states, limit, start) => requireProtocol(states, limit, start * 8n),
    ),
  }
}

/**
 * Passed are the attempts before the first busy record, up to the limit. Released are these attempts and all other
 * records before the last one of them, or before the busy one.
 */
function requireProtocol(states: readonly State[], limit: number, start: bigint): void {
  const ring = createMemoryRing(SIZE_BYTES, start)
  const ends = states.map((state, i) => {
    ring.append(recordOf(state, Uint8Array.of(i)), flagsOf(state))
    return ring.reader.pendingBytes()
  })
  const busyAt = states.indexOf('busy')
  const readable = states.slice(0, busyAt === -1 ? states.length : busyAt)
  const expected = readable.flatMap((state, i) => (state === 'attempt' ? [i] : [])).slice(0, limit)
  const taken: number[] = []
  const count = ring.reader.peek((offset) => taken.push(ring.reader.words[offset >> 2] as number), limit)
  require(taken.join() === expected.join(), () => `passed ${taken.join()} and not ${expected.join()}`)
  require(count === expected.length, () => `counted ${count} of ${expected.length}`)
  const seen = expected.length === limit ? (expected.at(-1) ?? -1) + 1 : readable.length
  const wanted = ends[seen - 1] ?? 0
  const released = ring.reader.release()
  require(released === wanted, () => `released ${released} bytes and not ${wanted}`)
}

/** A record of this kind, with `content` from its first byte on. */
function recordOf(state: State, content: Uint8Array): Uint8Array {
  const record = new Uint8Array(LENGTHS[state])
  record.set(content.subarray(0, record.length))
  return record
}

const LENGTHS: Readonly<Record<State, number>> = {
  attempt: connectEvent.size_bytes,
  process: processEvent.size_bytes,
  other: 36,
  discarded: connectEvent.size_bytes,
  busy: processEvent.size_bytes,
}

function flagsOf(state: State): number {
  return state === 'busy' ? BUSY : state === 'discarded' ? DISCARDED : 0
}

/** Appends records: each is a byte for its kind and its content, as long as the input and the ring have room. */
function fill({ append }: MemoryRing, input: Uint8Array): void {
  for (let at = 1, records = 0; at < input.length && records < MAX_RECORDS; records++) {
    const state = STATES[(input[at] as number) % STATES.length] as State
    if (append(recordOf(state, input.subarray(at + 1)), flagsOf(state)) === null) return
    at += 1 + LENGTHS[state]
  }
}

/** Reads the rest: the kernel commits every record eventually. */
function empty(ring: MemoryRing): void {
  for (let round = 0; round < MAX_RECORDS && ring.reader.pendingBytes() > 0; round++) {
    ring.commit(ring.positions.consumer[0] as bigint, DISCARDED)
    ring.reader.peek(() => {}, Infinity)
    ring.reader.release()
  }
  require(ring.reader.pendingBytes() === 0, () => `${ring.reader.pendingBytes()} bytes stay in the ring`)
}

/** The entries of dictionaries that decoding creates, checked as the writer uses them. */
function createDecodeTarget(): DecodeTarget {
  let nextId = 1
  const textAt = (bytes: Uint8Array, from: number, length: number) => {
    const text = readText(bytes, from, length)
    const name = Buffer.from(bytes.subarray(from, from + length))
    const end = name.indexOf(0)
    const isSame = encodeBytes(text).equals(end === -1 ? name : name.subarray(0, end))
    require(isSame && !text.includes('\0'), () => `a name is ${JSON.stringify(text)}`)
  }
  const addressAt = (bytes: Uint8Array, at: number) => {
    const address = bytes.slice(at, at + 16)
    const text = formatAddress(address)
    require(parseAddress(text)?.join() === address.join(), () => `${address.join()} is shown as ${text}`)
    return nextId++
  }
  const store: DictionaryStore = {
    process(bytes, at) {
      textAt(bytes, at + processFacts.comm, 16)
      textAt(bytes, at + EXE, 128)
      return { processId: nextId++, netns: bytes[at + processFacts.netns] as number }
    },
    endpoint: addressAt,
    localAddress: addressAt,
  }
  const dictionaries = createDictionaries(store)
  return { batch: createBatch(MAX_RECORDS + 2), dictionaries, names: null, nat: null, epochHigh: 1, epochLow: 2 }
}

function requireSoundRow({ batch, dictionaries }: DecodeTarget, row: number): void {
  const shape = batch.shapes[batch.shape[row] as number]
  require(shape !== undefined, () => 'a row has no shape')
  for (const value of [
    batch.startedNs[row],
    batch.latencyNs[row],
    batch.localEndpoint[row],
    shape.outcome,
    shape.errno,
  ]) {
    require(Number.isFinite(value) && Number.isInteger(value), () => `a row holds ${value}`)
  }
  require(dictionaries.processIds[batch.processEntry[row] as number] !== undefined, () => 'a row has no process')
  require(dictionaries.endpointIds[batch.endpointEntry[row] as number] !== undefined, () => 'a row has no endpoint')
  const startedNs = batch.startedNs[row] as number
  require(batch.minStartedNs <= startedNs && startedNs <= batch.maxStartedNs, () => `${startedNs} is out of its batch`)
}

/** An input that fills the ring with the processes of these attempts, then with the attempts. */
function seedOf(events: readonly Partial<EventFields>[]): Uint8Array {
  const { bytes, offsets, processRecords } = packEvents(events)
  const attempts = offsets.map((offset) => bytes.subarray(offset, offset + connectEvent.size_bytes))
  const [attempt, process] = [STATES.indexOf('attempt'), STATES.indexOf('process')]
  const records = [
    ...processRecords.map((record) => [process, ...record]),
    ...attempts.map((record) => [attempt, ...record]),
  ]
  return Uint8Array.from([MAX_RECORDS, ...records.flat()])
}
