/** Limit of the second number of a pair: more than the rows of any dictionary. */
const SECOND_LIMIT = 2 ** 26
/** Limit of a table with an entry for every possible pair: 16 MiB. */
const MAX_ENTRIES = 2 ** 22

/** Numbers of pairs of small integers: 0, 1, 2 … in order of appearance. */
export interface PairNumbers {
  readonly size: number
  /** @param second below 2^26 */
  numberOf(first: number, second: number): number
  /** The pair with a number. */
  pairOf(number: number): readonly [first: number, second: number]
}

/** A table of the numbers of pairs. An entry is a number plus one; 0 is free. */
interface PairTable {
  readonly entries: Int32Array
  /** The entry of a pair, or the free entry for it; -1 if the table must grow first. */
  entryOf(first: number, second: number): number
}

/**
 * A table with an entry for every possible pair while these are few, as in most traces; then a hash table, which takes three
 * times as long. A Map would take five times as long as the hash table.
 */
export function createPairNumbers(): PairNumbers {
  let keys = new Float64Array(1024)
  let size = 0
  let limits = { first: 64, second: 64 }
  let table: PairTable = createDirectTable(limits.first, limits.second)

  const pairOf = (number: number): [number, number] => {
    const key = keys[number] as number
    return [Math.floor(key / SECOND_LIMIT), key % SECOND_LIMIT]
  }
  const grow = (first: number, second: number) => {
    limits = { first: limitFor(limits.first, first), second: limitFor(limits.second, second) }
    const isFew = limits.first * limits.second <= MAX_ENTRIES
    table = isFew ? createDirectTable(limits.first, limits.second) : createHashTable(keys)
    for (let number = 0; number < size; number++) {
      const pair = pairOf(number)
      table.entries[table.entryOf(pair[0], pair[1])] = number + 1
    }
  }
  const add = (first: number, second: number) => {
    if (size === keys.length) {
      const larger = new Float64Array(keys.length * 2)
      larger.set(keys)
      keys = larger
      // The hash table compares the keys, and has twice as many entries.
      if (limits.first * limits.second > MAX_ENTRIES) grow(first, second)
    }
    table.entries[table.entryOf(first, second)] = size + 1
    keys[size] = first * SECOND_LIMIT + second
    return size++
  }
  return {
    get size() {
      return size
    },
    pairOf,
    numberOf(first, second) {
      let entry = table.entryOf(first, second)
      if (entry === -1) {
        grow(first, second)
        entry = table.entryOf(first, second)
      }
      const number = (table.entries[entry] as number) - 1
      return number === -1 ? add(first, second) : number
    },
  }
}

function limitFor(limit: number, value: number): number {
  return value < limit ? limit : 2 ** Math.ceil(Math.log2(value + 1))
}

function createDirectTable(firsts: number, seconds: number): PairTable {
  return {
    entries: new Int32Array(firsts * seconds),
    entryOf: (first, second) => (first < firsts && second < seconds ? first * seconds + second : -1),
  }
}

/** @param keys of all numbers, with space for more: a power of two, half of the entries */
function createHashTable(keys: Float64Array): PairTable {
  const entries = new Int32Array(keys.length * 2)
  const mask = entries.length - 1
  return {
    entries,
    entryOf(first, second) {
      const key = first * SECOND_LIMIT + second
      let entry = (Math.imul(Math.imul(first, 0x9e3779b1) ^ second, 0x85ebca6b) >>> 7) & mask
      for (;;) {
        const number = (entries[entry] as number) - 1
        if (number === -1 || keys[number] === key) return entry
        entry = (entry + 1) & mask
      }
    },
  }
}
