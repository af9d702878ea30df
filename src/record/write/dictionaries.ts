import { connectEvent } from '../event/wire.gen.js'
import type { EventMemory } from '../event/event-memory.js'
import { PROCESS_BYTES, type ProcessTable } from '../event/process-table.js'
import { createWordInterner, type WordInterner } from './word-interner.js'

const PROCESS_WORDS = PROCESS_BYTES / 4
const ENDPOINT_WORDS = (connectEvent.local_address - connectEvent.remote_address) / 4
const ADDRESS_WORDS = (connectEvent.local_port - connectEvent.local_address) / 4
/** Limit of keys in memory per dictionary. A full dictionary starts empty; ids come from the file. */
export const MAX_ENTRIES = 65536

/** Finds or inserts the row of a new key. `byteOffset` is the position of the key in `bytes`. */
export interface DictionaryStore {
  process(bytes: Uint8Array, byteOffset: number): { processId: number; netns: number }
  endpoint(bytes: Uint8Array, byteOffset: number): number
  localAddress(bytes: Uint8Array, byteOffset: number): number
}

type DictionaryMemory = Pick<EventMemory, 'words' | 'bytes'>

/** Entry numbers of processes, endpoints and local addresses, and their row ids. */
export interface Dictionaries {
  /** @param slot of the process in the table */
  process(processes: ProcessTable, slot: number): number
  endpoint(memory: DictionaryMemory, wordOffset: number): number
  localAddress(memory: DictionaryMemory, wordOffset: number): number
  readonly processIds: readonly number[]
  readonly endpointIds: readonly number[]
  readonly localAddressIds: readonly number[]
  /** Counts an attempt of this process entry for its network namespace. */
  countInNetns(processEntry: number): void
  /** Attempts by network namespace inode. */
  attemptsByNetns(): Map<number, number>
  /** Whether a dictionary is full and must be `reset` between two batches. */
  isFull(): boolean
  reset(): void
  /** Removes entries added since the last `mark`, after their rows were rolled back. */
  rollback(): void
  mark(): void
}

/** Empty dictionaries on the rows of `store`. */
export function createDictionaries(store: DictionaryStore): Dictionaries {
  const processes = createWordInterner(PROCESS_WORDS)
  const endpoints = createWordInterner(ENDPOINT_WORDS)
  const localAddresses = createWordInterner(ADDRESS_WORDS)
  const processIds: number[] = []
  const endpointIds: number[] = []
  const localAddressIds: number[] = []
  const netnsSlotOfProcess: number[] = []
  const netns: { inode: number; attempts: number }[] = []

  const interners = [processes, endpoints, localAddresses]
  let marks = [0, 0, 0]
  /** By slot of the process table: the entry, and the serial of the slot at that time. */
  let found: { entry: number; serial: number }[] = []

  const netnsSlot = (inode: number) => {
    const slot = netns.findIndex((one) => one.inode === inode)
    return slot === -1 ? netns.push({ inode, attempts: 0 }) - 1 : slot
  }
  const addProcess: OnNew = (entry, bytes, at) => {
    const row = store.process(bytes, at)
    processIds[entry] = row.processId
    netnsSlotOfProcess[entry] = netnsSlot(row.netns)
  }
  const addEndpoint: OnNew = (entry, bytes, at) => {
    endpointIds[entry] = store.endpoint(bytes, at)
  }
  const addLocalAddress: OnNew = (entry, bytes, at) => {
    localAddressIds[entry] = store.localAddress(bytes, at)
  }
  return {
    processIds,
    endpointIds,
    localAddressIds,
    process(table, slot) {
      const serial = table.serialOf(slot)
      const known = found[slot]
      if (known?.serial === serial) return known.entry
      const entry = internWith(processes, table, slot * PROCESS_WORDS, addProcess)
      found[slot] = { entry, serial }
      return entry
    },
    endpoint: (memory, at) => internWith(endpoints, memory, at, addEndpoint),
    localAddress: (memory, at) => internWith(localAddresses, memory, at, addLocalAddress),
    countInNetns(processEntry) {
      netns[netnsSlotOfProcess[processEntry] as number]!.attempts++
    },
    attemptsByNetns: () => new Map(netns.map((one) => [one.inode, one.attempts])),
    isFull: () => interners.some((interner) => interner.size >= MAX_ENTRIES),
    reset() {
      interners.forEach((interner) => interner.truncate(0))
      found = []
    },
    mark() {
      marks = interners.map((interner) => interner.size)
    },
    rollback() {
      interners.forEach((interner, i) => interner.truncate(marks[i] as number))
      found = []
    },
  }
}

type OnNew = (entry: number, bytes: Uint8Array, byteOffset: number) => void

function internWith(interner: WordInterner, memory: DictionaryMemory, at: number, onNew: OnNew): number {
  const entry = interner.intern(memory.words, at)
  if (entry >= 0) return entry
  onNew(-1 - entry, memory.bytes, at * 4)
  return -1 - entry
}
