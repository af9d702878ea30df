import { connectEvent, connectOutcome, processFacts } from '../event/wire.gen.js'
import { findName } from '../dns/find-name.js'
import type { EndpointKey } from '../nat/endpoint-key.js'
import { findAddresses, type AttemptAt, type NatRecords } from '../nat/find-addresses.js'
import type { Dictionaries } from './dictionaries.js'
import type { AttemptBatch } from './attempt-batch.js'
import type { EventMemory } from '../event/event-memory.js'
import { PROCESS_BYTES } from '../event/process-table.js'
import type { NameFinder } from '../dns/name-cache.js'

const word = (byteOffset: number) => byteOffset >> 2
const STARTED = word(connectEvent.started_ns)
const LATENCY = word(connectEvent.latency_ns)
const TID = word(connectEvent.tid)
const PROCESS = word(connectEvent.process)
const ENDPOINT = word(connectEvent.remote_address)
const LOCAL = word(connectEvent.local_address)
const PORT_AND_ERROR = word(connectEvent.local_port)
const RESULT = word(connectEvent.outcome)
/** In the table of processes */
const PID = word(processFacts.pid)
const TWO_TO_32 = 4294967296

/** Outcome code of attempts that are pending when recording ends. */
export const PENDING = connectOutcome.pending

/** Destination of decoded attempts. */
export interface DecodeTarget {
  readonly batch: AttemptBatch
  readonly dictionaries: Dictionaries
  /** `null`: names are not recorded */
  readonly names: NameFinder | null
  /** `null`: other addresses are not recorded */
  readonly nat: NatRecords | null
  /** CLOCK_MONOTONIC at the start of the recording, in two halves: ns since boot may not fit a double. */
  readonly epochHigh: number
  readonly epochLow: number
}

/**
 * Appends the event at `byteOffset` to the batch. Pure except for the dictionaries, which insert a row for every new
 * process and endpoint.
 * @param outcome overrides the event's own: `pending` for an entry of the map
 */
export function decodeConnect(memory: EventMemory, byteOffset: number, target: DecodeTarget, outcome?: number): void {
  const { words, processes } = memory
  const { batch, dictionaries } = target
  const at = byteOffset >> 2
  const result = words[at + RESULT] as number
  const portAndError = words[at + PORT_AND_ERROR] as number
  const row = batch.count++
  const slot = processes.find(words, at + PROCESS)

  const startedNs = ns(words, at + STARTED, target.epochHigh, target.epochLow)
  if (startedNs < batch.minStartedNs) batch.minStartedNs = startedNs
  if (startedNs > batch.maxStartedNs) batch.maxStartedNs = startedNs
  const latencyNs = ns(words, at + LATENCY, 0, 0)
  const code = outcome ?? result & 0xff
  // The probe reads the retransmits at the end of an attempt.
  const synRetransmits = code === PENDING ? 0 : (result >>> 16) & 0xff
  const flags = result >>> 24

  if (target.nat !== null || target.names !== null) {
    addFindings(target, memory, { byteOffset, slot, atNs: startedNs, isPending: code === PENDING })
  }
  const local = dictionaries.localAddress(memory, at + LOCAL)
  batch.shape[row] = findShape(batch, code, portAndError >>> 16, synRetransmits, flags)
  batch.startedNs[row] = startedNs
  batch.latencyNs[row] = latencyNs
  batch.processEntry[row] = dictionaries.process(processes, slot)
  batch.tidDelta[row] = (words[at + TID] as number) - (processes.words[((slot * PROCESS_BYTES) >> 2) + PID] as number)
  batch.endpointEntry[row] = dictionaries.endpoint(memory, at + ENDPOINT)
  batch.localEndpoint[row] = (dictionaries.localAddressIds[local] as number) * 65536 + (portAndError & 0xffff)
}

/** Adds the other addresses and the name of the row added last. */
function addFindings(target: DecodeTarget, memory: EventMemory, attempt: AttemptAt): void {
  const { batch, names, nat } = target
  const service = nat === null ? null : addAddresses(target, nat, memory, attempt)
  const match = names === null ? null : findName(names, memory, attempt, service)
  if (match !== null) batch.names.push({ row: batch.count - 1, match })
}

/** Adds the other addresses of the row added last. @returns the requested address, if it is another */
function addAddresses(
  { batch, dictionaries }: DecodeTarget,
  records: NatRecords,
  memory: EventMemory,
  attempt: AttemptAt,
): EndpointKey | null {
  const { nat, service } = findAddresses(records, memory, attempt)
  if (nat === null && service === null) return null
  const entryOf = (key: EndpointKey | null) => (key === null ? null : dictionaries.endpoint(key, key.at))
  batch.addresses.push({ row: batch.count - 1, natEntry: entryOf(nat), serviceEntry: entryOf(service) })
  return service
}

function ns(words: Uint32Array, at: number, epochHigh: number, epochLow: number): number {
  return ((words[at + 1] as number) - epochHigh) * TWO_TO_32 + ((words[at] as number) - epochLow)
}

/** Index of the shape in `batch.shapes`; adds a new shape. */
function findShape(batch: AttemptBatch, outcome: number, errno: number, synRetransmits: number, flags: number): number {
  const key = outcome + errno * 256 + synRetransmits * 2 ** 24 + flags * 2 ** 32
  const known = batch.shapeOfKey.get(key)
  if (known !== undefined) return known
  batch.shapeOfKey.set(key, batch.shapes.length)
  return batch.shapes.push({ outcome, errno, synRetransmits, flags }) - 1
}
