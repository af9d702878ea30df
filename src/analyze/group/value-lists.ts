/** Values that are noted before they are sorted by group: they fit the cache of a core. */
const LOG_LENGTH = 1 << 18
const MAX_UINT32 = 2 ** 32 - 1

/** Integers in no order. */
export type ValueRun = Uint32Array | Float64Array

/** Every value of a group, for exact percentiles; none in the beginning. */
export interface ExactValues {
  /** All values together */
  runs(): readonly ValueRun[]
  /** The highest, `null` without any */
  readonly max: number | null
}

export const NO_VALUES: ExactValues = { runs: () => [], max: null }

/** Every value of every group: 4 bytes for a value that fits 32 bits, 4.3 s in ns, and 16 for others. */
export interface ValueLists {
  /** @param value an integer */
  add(group: number, value: number): void
  /** Adds the first `count` values, without those that are negative or NaN. */
  addAll(groups: Int32Array, values: Float64Array, count: number): void
  /** Values by group; the lists are of no use afterwards. */
  take(groupCount: number): ExactValues[]
}

/** Values by group: those of group `g` are from `starts[g]` to `starts[g + 1]`. */
interface SortedLog {
  readonly values: Uint32Array
  readonly starts: Uint32Array
}

export function createValueLists(): ValueLists {
  const logs: SortedLog[] = []
  const large = new Map<number, number[]>()
  let groups = new Uint32Array(0)
  let values = new Uint32Array(0)
  let maxima = new Float64Array(1024).fill(-Infinity)
  let logged = 0
  let groupCount = 0
  const settle = () => {
    if (logged > 0) logs.push(sortByGroup(groups.subarray(0, logged), values, groupCount))
    logged = 0
  }
  const add = (group: number, value: number) => {
    if (group >= groupCount) groupCount = group + 1
    if (group >= maxima.length) maxima = widened(maxima, group)
    if (value > (maxima[group] as number)) maxima[group] = value
    if (value > MAX_UINT32 || value < 0) return addTo(large, group, value)
    if (logged === groups.length) {
      settle()
      if (groups.length === 0) [groups, values] = [new Uint32Array(LOG_LENGTH), new Uint32Array(LOG_LENGTH)]
    }
    groups[logged] = group
    values[logged++] = value
  }
  return {
    add,
    addAll(ofGroups, added, count) {
      for (let i = 0; i < count; i++) if ((added[i] as number) >= 0) add(ofGroups[i] as number, added[i] as number)
    },
    take(count) {
      settle()
      ;[groups, values] = [new Uint32Array(0), new Uint32Array(0)]
      return Array.from({ length: count }, (_, group) => {
        const max = maxima[group] ?? -Infinity
        return { runs: () => runsOf(logs, large, group), max: max === -Infinity ? null : max }
      })
    },
  }
}

/** A counting sort. */
function sortByGroup(groups: Uint32Array, values: Uint32Array, groupCount: number): SortedLog {
  // Ends until the values are there, and starts when each of them has gone down by its group's.
  const starts = new Uint32Array(groupCount + 1)
  for (let i = 0; i < groups.length; i++) starts[groups[i] as number]!++
  let end = 0
  for (let group = 0; group < starts.length; group++) starts[group] = end += starts[group] as number
  const sorted = new Uint32Array(groups.length)
  for (let i = groups.length - 1; i >= 0; i--) sorted[--starts[groups[i] as number]!] = values[i] as number
  return { values: sorted, starts }
}

function runsOf(logs: readonly SortedLog[], large: ReadonlyMap<number, number[]>, group: number): ValueRun[] {
  const runs: ValueRun[] = []
  for (const { values, starts } of logs) {
    const [start, end] = [starts[group] ?? 0, starts[group + 1] ?? 0]
    if (start < end) runs.push(values.subarray(start, end))
  }
  const others = large.get(group)
  if (others !== undefined) runs.push(Float64Array.from(others))
  return runs
}

function addTo(lists: Map<number, number[]>, group: number, value: number): void {
  const list = lists.get(group)
  if (list) list.push(value)
  else lists.set(group, [value])
}

function widened(maxima: Float64Array<ArrayBuffer>, group: number): Float64Array<ArrayBuffer> {
  const wider = new Float64Array(2 ** Math.ceil(Math.log2(group + 1))).fill(-Infinity)
  wider.set(maxima)
  return wider
}
