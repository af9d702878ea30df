import { processEvent, processFacts } from './wire.gen.js'

/** Bytes per process in the table: its facts and the name of its executable. */
export const PROCESS_BYTES = processEvent.size_bytes - processEvent.facts
/** Byte offset of the executable's name in the table's entries. */
export const EXE = processEvent.exe - processEvent.facts
/**
 * Whether the process with its facts at `at` has the host's root directory. Only then is its user an account of the
 * host.
 */
export function hasHostRoot(view: DataView, at: number): boolean {
  return view.getUint32(at + processFacts.host_root, true) !== 0
}

/** A cookie as SQLite stores it: a signed 64-bit integer; `null`: the kernel has none. */
export function readCookie(view: DataView, at: number): bigint | null {
  return view.getBigInt64(at, true) || null
}

/** Larger than every position: positions are CPU numbers times 256. */
const POSITIONS = 2 ** 21
const FIRST_SLOTS = 64

/** Keys of pending attempts. */
export interface PendingKeys {
  readonly words: Uint32Array
  /** Offsets of the keys in `words` */
  readonly wordOffsets: Iterable<number>
}

/**
 * The processes sent by the ring, by the key of attempts (bpf/processes.h). Every entry has a slot of `PROCESS_BYTES`.
 * A slot with pid 0 represents an unknown process in a network namespace.
 */
export interface ProcessTable {
  /** Facts of all slots. Both arrays are replaced when a process is added. */
  readonly words: Uint32Array
  readonly bytes: Uint8Array
  /** Adds or updates a struct process_event. */
  add(words: Uint32Array, bytes: Uint8Array, byteOffset: number): void
  /** Slot of the key at `wordOffset`. */
  find(words: Uint32Array, wordOffset: number): number
  /** Changes when the slot gets another process. */
  serialOf(slot: number): number
  /** Processes whose entry in the probe's table was reused; they may still have pending attempts. */
  readonly supersededCount: number
  /**
   * Marks superseded processes without pending attempts, for removal by `dropMarked`. Processes superseded while the
   * pending attempts are read are not marked.
   */
  mark(readPending: () => PendingKeys): void
  /** Call after reading all attempts that had ended at `mark`. */
  dropMarked(): void
}

export function createProcessTable(): ProcessTable {
  const slots = createSlots()
  const newest = createPositions()
  const superseded = new Map<number, number>()
  /** By network namespace */
  const unknown = new Map<number, number>()
  let marked: number[] = []

  const unknownIn = (netns: number) => {
    const known = unknown.get(netns)
    if (known !== undefined) return known
    const slot = slots.take()
    slots.words[(slot * PROCESS_BYTES + processFacts.netns) >> 2] = netns
    unknown.set(netns, slot)
    return slot
  }
  return {
    get words() {
      return slots.words
    },
    get bytes() {
      return slots.bytes
    },
    get supersededCount() {
      return superseded.size
    },
    serialOf: slots.serialOf,
    add(words, bytes, byteOffset) {
      const at = (byteOffset + processEvent.key) >> 2
      const [position, generation] = [words[at] as number, words[at + 1] as number]
      if (position >= POSITIONS) return
      const before = newest.generationAt(position)
      if (before >= generation) return
      if (before !== 0) superseded.set(keyOf(position, before), newest.slotAt(position))
      newest.set(position, generation, slots.copy(bytes, byteOffset))
    },
    find(words, at) {
      const [position, generation] = [words[at] as number, words[at + 1] as number]
      if (generation === 0) return unknownIn(position)
      if (newest.generationAt(position) === generation) return newest.slotAt(position)
      return superseded.get(keyOf(position, generation)) ?? unknownIn(0)
    },
    mark(readPending) {
      const candidates = [...superseded.keys()]
      const { words, wordOffsets } = readPending()
      const live = new Set<number>()
      for (const at of wordOffsets) live.add(keyOf(words[at] as number, words[at + 1] as number))
      marked = candidates.filter((key) => !live.has(key))
    },
    dropMarked() {
      for (const key of marked) {
        slots.give(superseded.get(key) as number)
        superseded.delete(key)
      }
      marked = []
    },
  }
}

function keyOf(position: number, generation: number): number {
  return generation * POSITIONS + position
}

/** The current generation of each position, and its slot. Generation 0: none. */
function createPositions() {
  let generations = new Uint32Array(1024)
  let slots = new Int32Array(1024)
  const grow = (position: number) => {
    let length = generations.length
    while (length <= position) length *= 2
    const [larger, largerSlots] = [new Uint32Array(length), new Int32Array(length)]
    larger.set(generations)
    largerSlots.set(slots)
    generations = larger
    slots = largerSlots
  }
  return {
    generationAt: (position: number) => generations[position] ?? 0,
    slotAt: (position: number) => slots[position] as number,
    set(position: number, generation: number, slot: number) {
      if (position >= generations.length) grow(position)
      generations[position] = generation
      slots[position] = slot
    },
  }
}

/** Memory of processes; freed slots are reused. */
function createSlots() {
  let bytes = new Uint8Array(FIRST_SLOTS * PROCESS_BYTES)
  let words = new Uint32Array(bytes.buffer)
  let used = 0
  let serial = 0
  const serials: number[] = []
  const free: number[] = []
  const take = () => {
    const slot = free.pop() ?? used++
    if (used * PROCESS_BYTES > bytes.length) {
      const larger = new Uint8Array(bytes.length * 2)
      larger.set(bytes)
      bytes = larger
      words = new Uint32Array(bytes.buffer)
    }
    bytes.fill(0, slot * PROCESS_BYTES, (slot + 1) * PROCESS_BYTES)
    serials[slot] = serial++
    return slot
  }
  return {
    get bytes() {
      return bytes
    },
    get words() {
      return words
    },
    serialOf: (slot: number) => serials[slot] as number,
    take,
    give: (slot: number) => void free.push(slot),
    /** @returns the slot with the struct process_event at `byteOffset` */
    copy(from: Uint8Array, byteOffset: number) {
      const at = take() * PROCESS_BYTES
      const exe = from.subarray(byteOffset + processEvent.exe, byteOffset + processEvent.size_bytes)
      const end = exe.indexOf(0)
      bytes.set(from.subarray(byteOffset + processEvent.facts, byteOffset + processEvent.exe), at)
      // After the NUL, the ring contains bytes of older records.
      bytes.set(end === -1 ? exe : exe.subarray(0, end), at + EXE)
      return at / PROCESS_BYTES
    },
  }
}
