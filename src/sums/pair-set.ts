/** Limit of the second number of a pair: larger than the row count of any dictionary. */
const SECOND_LIMIT = 2 ** 26
/** Limit of the bit table: 2 MiB, about the size of a CPU cache. */
const MAX_BITS = 2 ** 24

/** A set of pairs of small integers: the endpoints that each process connected to. */
export interface PairSet {
  readonly size: number
  /** @param second below 2^26 */
  add(first: number, second: number): void
  /** Returns the second numbers by first number, unordered, and empties the set. */
  take(): Map<number, number[]>
}

/** An empty set: one bit per possible pair, or a hash table if that is too large. */
export function createPairSet(): PairSet {
  let bits = createBitTable(64, 1024)
  let hash: ReturnType<typeof createHashTable> | null = null
  const widen = (first: number, second: number) => {
    const [firsts, seconds] = [limitFor(bits.firsts, first), limitFor(bits.seconds, second)]
    const wider = firsts * seconds > MAX_BITS ? (hash = createHashTable()) : createBitTable(firsts, seconds)
    bits.forEach(wider.add)
    if (hash === null) bits = wider as typeof bits
  }
  return {
    get size() {
      return (hash ?? bits).size
    },
    add(first, second) {
      if (hash === null && (first >= bits.firsts || second >= bits.seconds)) widen(first, second)
      if (hash === null) bits.add(first, second)
      else hash.add(first, second)
    },
    take() {
      const byFirst = new Map<number, number[]>()
      const held = hash ?? bits
      held.forEach((first, second) => {
        const list = byFirst.get(first)
        if (list) list.push(second)
        else byFirst.set(first, [second])
      })
      bits.clear()
      hash = null
      return byFirst
    },
  }
}

/** The power of two above `index`, at least `limit`. */
function limitFor(limit: number, index: number): number {
  return Math.max(limit, 2 ** Math.ceil(Math.log2(index + 1)))
}

/** @param seconds a power of two, at least 32 */
function createBitTable(firsts: number, seconds: number) {
  const words = new Uint32Array((firsts * seconds) / 32)
  const wordsPerFirst = seconds / 32
  let size = 0
  return {
    firsts,
    seconds,
    get size() {
      return size
    },
    add(first: number, second: number): void {
      const at = first * wordsPerFirst + (second >>> 5)
      const before = words[at] as number
      const after = before | (1 << (second & 31))
      if (after === (before | 0)) return
      words[at] = after
      size++
    },
    forEach(take: (first: number, second: number) => void): void {
      words.forEach((word, at) => {
        for (let rest = word; rest !== 0; rest &= rest - 1) {
          const bit = 31 - Math.clz32(rest & -rest)
          take(Math.floor(at / wordsPerFirst), (at % wordsPerFirst) * 32 + bit)
        }
      })
    },
    clear(): void {
      words.fill(0)
      size = 0
    },
  }
}

function createHashTable() {
  // Keys are stored plus one: 0 is a free slot. As doubles, because two numbers exceed 32 bits.
  let keys = new Float64Array(2 ** 20)
  let size = 0
  const put = (table: Float64Array, first: number, second: number): boolean => {
    const key = first * SECOND_LIMIT + second + 1
    const mask = table.length - 1
    let slot = (Math.imul(Math.imul(first, 0x9e3779b1) ^ second, 0x85ebca6b) >>> 7) & mask
    while (table[slot] !== 0 && table[slot] !== key) slot = (slot + 1) & mask
    const isNew = table[slot] === 0
    table[slot] = key
    return isNew
  }
  const forEach = (take: (first: number, second: number) => void) => {
    for (const key of keys) if (key !== 0) take(Math.floor((key - 1) / SECOND_LIMIT), (key - 1) % SECOND_LIMIT)
  }
  const grow = () => {
    const larger = new Float64Array(keys.length * 2)
    forEach((first, second) => put(larger, first, second))
    keys = larger
  }
  return {
    get size() {
      return size
    },
    add(first: number, second: number): void {
      if (put(keys, first, second) && ++size * 2 > keys.length) grow()
    },
    forEach,
  }
}
