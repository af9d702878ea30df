import type { Value } from '../result/result.js'
import type { SessionPart } from '../scan/scope.js'
import type { Dimension } from './dimension.js'
import { createRowReader } from '../scan/row-reader.js'

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
  return {
    of(part) {
      const keyOf = dimension.keys(part)
      return cached((id) => {
        const key = keyOf(id)
        const { identity } = dimension
        const number = numbers(identity === undefined ? key : [part.host, ...key.slice(0, identity)])
        keys[number] ??= key
        return number
      })
    },
    keyOf: (number) => keys[number] ?? [],
  }
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
  const endpoints = createNumbering()
  return {
    of({ trace, host }) {
      const process = createRowReader(trace.lookup, 'process', ['pid', 'process_start_ns'])
      const endpoint = createRowReader(trace.lookup, 'endpoint', ['remote_address', 'remote_port'])
      return {
        processOf: cached((id) => processes([host, ...process(id)])),
        endpointOf: cached((id) => endpoints(endpoint(id))),
      }
    },
  }
}

const TABLE_LIMIT = 1 << 22

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

/** Caches results of `compute` for integers: row ids in a table, a limited number of other integers in a Map. */
export function cached(compute: (id: number) => number): (id: number) => number {
  let table = new Int32Array(1024)
  const others = new Map<number, number>()
  const grow = (id: number) => {
    const larger = new Int32Array(2 ** Math.ceil(Math.log2(id + 1)))
    larger.set(table)
    table = larger
  }
  return (id) => {
    // Stored plus one: 0 is unknown.
    const known = table[id]
    if (known !== undefined && known > 0) return known - 1
    if (!(id >= 0 && id < TABLE_LIMIT && Number.isInteger(id))) {
      const other = others.get(id) ?? compute(id)
      if (others.size < TABLE_LIMIT) others.set(id, other)
      return other
    }
    if (id >= table.length) grow(id)
    const number = compute(id)
    table[id] = number + 1
    return number
  }
}
