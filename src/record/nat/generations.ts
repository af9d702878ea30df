/** Weight per generation: the map holds at most twice as much. */
const LIMIT = 65_536

/** A map of bounded size that forgets its oldest entries, half of them at a time. */
export interface Generations<Value> {
  readonly isEmpty: boolean
  get(key: number): Value | undefined
  set(key: number, value: Value): void
}

interface GenerationRules<Value> {
  /** Share of an entry in the limit; 1 for each by default */
  readonly weigh?: (value: Value) => number
  /** Whether an entry outlives its generation, as long as fewer than half a generation do; none by default */
  readonly isKept?: (value: Value) => boolean
  /** Called with an entry to keep that found no room */
  readonly onLost?: (value: Value) => void
}

export function createGenerations<Value>({
  weigh = () => 1,
  isKept = () => false,
  onLost = () => {},
}: GenerationRules<Value> = {}): Generations<Value> {
  let newer = new Map<number, Value>()
  let older = new Map<number, Value>()
  let weight = 0
  const begin = () => {
    const kept = [...older].filter(([key, value]) => isKept(value) && !newer.has(key))
    const lostCount = Math.max(0, kept.length - LIMIT / 2)
    for (const [, value] of kept.slice(0, lostCount)) onLost(value)
    older = newer
    newer = new Map(kept.slice(lostCount))
    weight = sum([...newer.values()].map(weigh))
  }
  return {
    get isEmpty() {
      return newer.size === 0 && older.size === 0
    },
    get: (key) => newer.get(key) ?? older.get(key),
    set(key, value) {
      const replaced = newer.get(key)
      weight += weigh(value) - (replaced === undefined ? 0 : weigh(replaced))
      newer.set(key, value)
      if (weight >= LIMIT) begin()
    },
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
