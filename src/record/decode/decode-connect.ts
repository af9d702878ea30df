import { connectEvent, connectOutcome, processFacts } from '../probe/wire.gen.js'
import { findName } from '../dns/find-name.js'
import type { NameFinder } from '../dns/shift-names.js'
import type { Dictionaries } from '../intern/dictionaries.js'
import type { AttemptBatch } from './attempt-batch.js'
import type { EventMemory } from './event-memory.js'
import { PROCESS_BYTES } from './process-table.js'

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

/** Outcome code of what was still unanswered when recording ended. */
export const PENDING = connectOutcome.pending

/** Where decoded attempts go. */
export interface DecodeTarget {
  readonly batch: AttemptBatch
  readonly dictionaries: Dictionaries
  /** `null`: names are not looked at */
  readonly names: NameFinder | null
  /** CLOCK_MONOTONIC at the session's beginning, in two halves: ns since boot may not fit a double. */
  readonly epochHigh: number
  readonly epochLow: number
}

/**
 * Appends the event at `byteOffset` to the batch. Pure but for the dictionaries, which write a row for a process or an
 * endpoint at first sight.
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
  // The probe looks at the retransmits when an attempt ends.
  const synRetransmits = code === PENDING ? 0 : (result >>> 16) & 0xff
  const flags = result >>> 24

  if (target.names !== null) {
    const match = findName(target.names, memory, { byteOffset, slot, atNs: startedNs })
    if (match !== null) batch.names.push({ row, match })
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

function ns(words: Uint32Array, at: number, epochHigh: number, epochLow: number): number {
  return ((words[at + 1] as number) - epochHigh) * TWO_TO_32 + ((words[at] as number) - epochLow)
}

/** Position of the shape in `batch.shapes`, added when the batch does not hold it yet. */
function findShape(batch: AttemptBatch, outcome: number, errno: number, synRetransmits: number, flags: number): number {
  const key = outcome + errno * 256 + synRetransmits * 2 ** 24 + flags * 2 ** 32
  const known = batch.shapeOfKey.get(key)
  if (known !== undefined) return known
  batch.shapeOfKey.set(key, batch.shapes.length)
  return batch.shapes.push({ outcome, errno, synRetransmits, flags }) - 1
}
