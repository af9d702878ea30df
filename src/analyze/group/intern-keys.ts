import type { Value } from '../result/result.js'
import type { SessionPart } from '../scan/scope.js'
import type { Dimension } from './dimension.js'
import { createRowReader } from '../scan/row-reader.js'
import type { Trace } from '../scan/trace.js'
import { DIMENSIONS } from './dimensions.js'

/** Numbers of the keys of a dimension, the same in all parts: 0, 1, 2 … in order of appearance. */
export interface KeyNumbers {
  /** @returns a function from an id of the part to the number of its key */
  of(part: SessionPart): (id: number) => number
  keyOf(number: number): readonly Value[]
}

/** Keys that are unique on one host only include the host: a pid, for example. */
export function createKeyNumbers(dimension: Dimension): KeyNumbers {
  const keys: (readonly Value[])[] = []
  const numbers = createNumbering()
  const { identity, sharedBy } = dimension
  const createReader = (part: SessionPart) => {
    const keyOf = dimension.keys(part)
    return cached((id) => {
      const key = keyOf(id)
      const number = numbers(identity === undefined ? key : [part.host, ...key.slice(0, identity)])
      keys[number] ??= key
      return number
    })
  }
  const readers = new Map<Trace, Map<string, (id: number) => number>>()
  return {
    of(part) {
      if (sharedBy === undefined) return createReader(part)
      const ofTrace = mapAt(readers, part.trace)
      const name = sharedBy === 'host' ? part.host : ''
      const reader = ofTrace.get(name) ?? createReader(part)
      ofTrace.set(name, reader)
      return reader
    },
    keyOf: (number) => keys[number] ?? [],
  }
}

function mapAt<Key, Name, Item>(maps: Map<Key, Map<Name, Item>>, key: Key): Map<Name, Item> {
  const map = maps.get(key) ?? new Map<Name, Item>()
  maps.set(key, map)
  return map
}

/** Numbers of processes and endpoints that are the same in every file. */
export interface MembersOfPart {
  processOf(processId: number): number
  endpointOf(endpointId: number): number
}

/**
 * A process is a pid and start time on one host since one boot, regardless of thread names; an endpoint is an address and a port.
 */
export function createMembers(): { of(part: SessionPart): MembersOfPart } {
  const processes = createNumbering()
  const endpoints = createKeyNumbers(DIMENSIONS.endpoint)
  return {
    of(part) {
      const process = createRowReader(part.trace.lookup, 'process', ['pid', 'process_start_ns'])
      return {
        processOf: cached((id) => processes([part.host, ...process(id)])),
        endpointOf: endpoints.of(part),
      }
    },
  }
}

const TABLE_LIMIT = 1 << 22
const FIRST_LENGTH = 1024

/**
 * Numbers of keys: 0, 1, 2 … in order of appearance. Equal keys of different files have the same number.
 * @param onNew called with each new key
 */
export function createNumbering(onNew: (key: readonly Value[]) => void = () => {}): (key: readonly Value[]) => number {
  const numbers = new Map<string, number>()
  return (key) => {
    const text = key.map((value) => `${typeof value} ${String(value).length} ${value}`).join('')
    const known = numbers.get(text)
    if (known !== undefined) return known
    numbers.set(text, numbers.size)
    onNew(key)
    return numbers.size - 1
  }
}

/**
 * Caches results of `compute` for integers: row ids in a table, a limited number of other integers in a Map. The table begins near the
 * lowest id: the ids of one session of thousands are close together.
 */
export function cached(compute: (id: number) => number): (id: number) => number {
  let table = new Int32Array(0)
  let first = 0
  const others = new Map<number, number>()
  /** @returns whether the table has a place for an id now */
  const makePlace = (id: number): boolean => {
    if (!(id >= 0 && Number.isSafeInteger(id))) return false
    if (table.length === 0) {
      table = new Int32Array(FIRST_LENGTH)
      first = id - (id % FIRST_LENGTH)
      return true
    }
    const end = first + table.length
    const needed = Math.max(end, id + 1) - Math.min(first, id)
    if (needed > TABLE_LIMIT) return false
    const larger = new Int32Array(2 ** Math.ceil(Math.log2(needed)))
    // Free places are on the side that grows.
    const from = id < first ? Math.max(0, end - larger.length) : first
    larger.set(table, first - from)
    table = larger
    first = from
    return true
  }
  return (id) => {
    // Stored plus one: 0 is unknown.
    const known = table[id - first]
    if (known !== undefined && known > 0) return known - 1
    if (known === undefined && !makePlace(id)) {
      const other = others.get(id) ?? compute(id)
      if (others.size < TABLE_LIMIT) others.set(id, other)
      return other
    }
    const number = compute(id)
    table[id - first] = number + 1
    return number
  }
}
