import type { Value } from '../result/result.js'

const TABLE_LIMIT = 1 << 22

/**
 * Numbers for keys: 0, 1, 2 … in the order of first sight. Equal keys have the same number, whichever file they are of.
 * @param onNew called with each key that is new
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

/** Remembers what `compute` gave for an integer: row ids in a table, as many other numbers in a Map, which could not hold all. */
export function cached(compute: (id: number) => number): (id: number) => number {
  let table = new Int32Array(1024)
  const others = new Map<number, number>()
  const grow = (id: number) => {
    const larger = new Int32Array(2 ** Math.ceil(Math.log2(id + 1)))
    larger.set(table)
    table = larger
  }
  return (id) => {
    // Stored plus one: 0 is not known yet.
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
