import * as fc from 'fast-check'
import { clearBatch, createBatch } from '../../../src/record/decode/attempt-batch.js'
import { decodeConnect, type DecodeTarget } from '../../../src/record/decode/decode-connect.js'
import { readText } from '../../../src/record/decode/read-text.js'
import { createDictionaries, type DictionaryStore } from '../../../src/record/intern/dictionaries.js'
import { BUSY, DISCARDED, RECORD_BYTES, createRingReader } from '../../../src/record/probe/ring-reader.js'
import { connectEvent } from '../../../src/record/probe/wire.gen.js'
import { formatAddress, parseAddress } from '../../../src/store/address.js'
import { packEvents } from '../../record/make-events.js'
import { require, type FuzzTarget } from '../fuzz-target.js'

const RECORDS = 8
const SIZE_BYTES = RECORDS * RECORD_BYTES
const KEY = connectEvent.process_start_ns

/** Events in the ring: their fields are what the processes of the host make them. */
export function createRingRecords(): FuzzTarget {
  const ring = createRing()
  const target = createDecodeTarget()
  return {
    name: 'ring-records',
    seeds: [0, 1, 2, 3].map((skipped) => headOf(skipped, packEvents([{}, { outcome: 1, error: 111 }]).bytes)),
    take(input) {
      ring.fill(input)
      clearBatch(target.batch)
      if (target.dictionaries.isFull()) target.dictionaries.reset()
      const limit = (input[0] ?? 0) % (RECORDS + 2)
      const count = ring.reader.peek((offset) => decodeConnect(ring.reader, offset, target), limit)
      const { batch } = target
      require(count <= limit && count === batch.count, () => `${batch.count} events of ${count}, at most ${limit}`)
      for (let row = 0; row < count; row++) requireSoundRow(target, row)
      const before = ring.reader.pendingBytes()
      ring.reader.release()
      const released = before - ring.reader.pendingBytes()
      require(released >= count * RECORD_BYTES && released <= before, () => `released ${released} of ${before} bytes`)
    },
    property: fc.property(
      fc.array(fc.constantFrom('committed', 'discarded', 'busy'), { maxLength: RECORDS }),
      fc.nat({ max: RECORDS }),
      fc.bigInt({ min: 0n, max: 2n ** 54n }),
      (states, limit, start) => requireProtocol(states, limit, start * BigInt(RECORD_BYTES)),
    ),
  }
}

/** Passed are the committed records before the first busy one, up to the limit; released are those and the discarded ones between. */
function requireProtocol(states: readonly string[], limit: number, start: bigint): void {
  const ring = createRing(start)
  for (const state of states) ring.append(state === 'busy' ? BUSY : state === 'discarded' ? DISCARDED : 0)
  const busyAt = states.indexOf('busy')
  const readable = states.slice(0, busyAt === -1 ? states.length : busyAt)
  const expected = readable.flatMap((state, i) => (state === 'committed' ? [i] : [])).slice(0, limit)
  const taken: number[] = []
  ring.reader.peek((offset) => taken.push(ring.reader.words[offset >> 2] as number), limit)
  require(taken.join() === expected.join(), () => `passed ${taken.join()} and not ${expected.join()}`)
  ring.reader.release()
  const left = ring.reader.pendingBytes() / RECORD_BYTES
  const seen = expected.length === limit ? (expected.at(-1) ?? -1) + 1 : readable.length
  require(left === states.length - seen, () => `${left} are left of ${states.length}, ${seen} were seen`)
}

/** A ring in plain memory. */
function createRing(start = 0n) {
  const buffer = new ArrayBuffer(64 + SIZE_BYTES)
  const [bytes, headers] = [new Uint8Array(buffer, 64), new Uint32Array(buffer, 64)]
  const [consumer, producer] = [BigUint64Array.of(start), BigUint64Array.of(start)]
  const reader = createRingReader(consumer, producer, buffer, 64)
  let appended = 0
  const append = (flags: number) => {
    const at = Number((producer[0] as bigint) % BigInt(SIZE_BYTES)) / 4
    headers[at] = connectEvent.size_bytes | flags
    headers[at + 2] = appended++
    producer[0] = (producer[0] as bigint) + BigInt(RECORD_BYTES)
  }
  /** Any bytes as records that follow what was read. */
  const fill = (input: Uint8Array) => {
    bytes.fill(0)
    bytes.set(input.subarray(0, SIZE_BYTES))
    const records = input.length === 0 ? 0 : 1 + ((input[input.length - 1] as number) % RECORDS)
    producer[0] = (consumer[0] as bigint) + BigInt(records * RECORD_BYTES)
  }
  return { reader, append, fill }
}

/** What decoding makes rows of dictionaries of, looked at as the writer does. */
function createDecodeTarget(): DecodeTarget {
  let nextId = 1
  const textAt = (bytes: Uint8Array, from: number, length: number) => {
    const text = readText(bytes, from, length)
    require(text.length <= length && !text.includes('\0'), () => `a name is ${JSON.stringify(text)}`)
  }
  const addressAt = (bytes: Uint8Array, at: number) => {
    const address = bytes.slice(at, at + 16)
    const text = formatAddress(address)
    require(parseAddress(text)?.join() === address.join(), () => `${address.join()} is shown as ${text}`)
    return nextId++
  }
  const store: DictionaryStore = {
    process(bytes, at) {
      textAt(bytes, at + connectEvent.comm - KEY, 16)
      textAt(bytes, at + connectEvent.exe - KEY, 128)
      return { processId: nextId++, netns: bytes[at + connectEvent.netns - KEY] as number }
    },
    endpoint: addressAt,
    localAddress: addressAt,
  }
  const dictionaries = createDictionaries(store)
  return { batch: createBatch(RECORDS + 2), dictionaries, names: null, epochHigh: 1, epochLow: 2 }
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

/** Records as they lie in the ring, `skipped` bytes from a boundary. */
function headOf(skipped: number, events: Uint8Array): Uint8Array {
  const record = new Uint8Array(skipped + 2 * RECORD_BYTES)
  for (const i of [0, 1]) {
    const at = skipped + i * RECORD_BYTES
    new DataView(record.buffer).setUint32(at, connectEvent.size_bytes, true)
    record.set(events.subarray(i * connectEvent.size_bytes, (i + 1) * connectEvent.size_bytes), at + 8)
  }
  return record
}
