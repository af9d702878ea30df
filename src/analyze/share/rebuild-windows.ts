import { bucketOf } from '../../sums/latency-histogram.js'
import { createLatencySums } from '../../sums/latency-sums.js'
import { createPairSet } from '../../sums/pair-set.js'
import { encodeSums } from '../../sums/sums-blob.js'
import { AT, type AttemptColumn } from '../scan/attempt-columns.js'
import type { AttemptBlock } from '../scan/attempt-block.js'
import { FLAG_NAMES } from '../scan/session-facts.js'

/** Columns that sums are made of */
export const SUMMED = [
  'attempt_id',
  'started_ns',
  'latency_ns',
  'outcome',
  'syn_retransmits',
  'flags',
  'process_id',
  'endpoint_id',
] as const satisfies readonly AttemptColumn[]

const LOG_LENGTH = 1 << 18

/** A window of attempts that were chosen. */
export interface RebuiltWindow {
  readonly count: number
  /** In the times of the original */
  readonly minStartedNs: number
  readonly maxStartedNs: number
  /** Attempts with each flag, from bit 1 on */
  readonly flags: readonly number[]
  /** Dimension and blob of each row of window_sums */
  readonly sums: readonly (readonly [string, Uint8Array])[]
}

export interface WindowBuilder {
  readonly count: number
  add(block: AttemptBlock, row: number): void
  take(): RebuiltWindow
}

/** Ids of the shared trace. */
export interface NewIds {
  endpoint(id: number): number
  process(id: number): number
  second(startedNs: number): number
}

/** Sums attempts up as the recorder does. */
export function createWindowBuilder(newIds: NewIds): WindowBuilder {
  const [endpoints, processes, seconds] = [createEntries(), createEntries(), createEntries()]
  const members = createPairSet()
  let state = emptyState()
  return {
    get count() {
      return state.count
    },
    add({ columns }, row) {
      const value = (column: AttemptColumn) => columns[AT[column]]![row] as number
      const [startedNs, outcome, latencyNs] = [value('started_ns'), value('outcome'), value('latency_ns')]
      const bucket = outcome === 0 && latencyNs >= 0 ? bucketOf(latencyNs) : -1
      const facts = [outcome, value('syn_retransmits'), latencyNs, bucket] as const
      const endpoint = endpoints.add(newIds.endpoint(value('endpoint_id')), ...facts)
      const process = processes.add(newIds.process(value('process_id')), ...facts)
      seconds.add(newIds.second(startedNs), ...facts)
      members.add(process, endpoint)
      for (let bit = 0; bit < FLAG_NAMES.length; bit++) state.flags[bit]! += (value('flags') >> bit) & 1
      state.count++
      state.minStartedNs = Math.min(state.minStartedNs, startedNs)
      state.maxStartedNs = Math.max(state.maxStartedNs, startedNs)
    },
    take() {
      const membersOf = members.take()
      const endpointIds = endpoints.ids()
      const idsOf = (entry: number) => (membersOf.get(entry) ?? []).map((one) => endpointIds[one] as number)
      const taken = state
      state = emptyState()
      return {
        ...taken,
        sums: [
          ['endpoint', endpoints.take()],
          ['process', processes.take(idsOf)],
          ['second', seconds.take()],
        ],
      }
    },
  }
}

function emptyState() {
  return {
    count: 0,
    minStartedNs: Infinity,
    maxStartedNs: -Infinity,
    flags: new Array<number>(FLAG_NAMES.length).fill(0),
  }
}

/** Sums by id. Ids are numbered in the order of their first attempt. */
function createEntries() {
  const sums = createLatencySums(LOG_LENGTH)
  let entries = new Map<number, number>()
  const ids = () => [...entries.keys()]
  return {
    ids,
    add(id: number, outcome: number, synRetransmits: number, latencyNs: number, bucket: number): number {
      const entry = entries.get(id) ?? entries.size
      entries.set(id, entry)
      sums.add(entry, outcome, synRetransmits, latencyNs, bucket)
      return entry
    },
    take(membersOf?: (entry: number) => readonly number[]): Uint8Array {
      const blob = encodeSums(sums.take(), ids(), membersOf)
      entries = new Map()
      return blob
    },
  }
}
