import { OUTCOMES } from '../../attempt/outcome.js'
import { forEachSums } from '../../sums/sums-blob.js'
import { readRanges } from '../group/read-sums.js'
import { readLastId } from '../group/stored-sums.js'
import { AT } from '../scan/attempt-columns.js'
import { readTimedBatches, type TimedIds } from '../scan/plan-scan.js'
import { prepareScan } from '../scan/scan-rows.js'
import type { Scope, SessionPart } from '../scan/scope.js'
import { createWallClock } from '../scan/wall-clock.js'
import { splitRange, type TimedRange } from './plan-endpoint-times.js'
import { isInRange, type FailedOutcome } from './read-endpoint-times.js'
import { createStartBound } from './start-bound.js'

/** Attempts that are read at once, if a batch has fewer. */
const STEP_ATTEMPTS = 16_384

export interface StartSearch {
  /** Covers the outcomes of the wanted failures. */
  readonly scope: Scope
  readonly part: SessionPart
  /** The stored sums of the part */
  readonly ranges: readonly TimedRange[]
  /** Number of ranges of the parts before this one */
  readonly rangesBefore: number
  /** The number of an endpoint by its id in this part */
  readonly numberOf: (endpointId: number) => number
  readonly wanted: readonly FailedOutcome[]
  /** 1: the first start of each; -1: the last one. Times are multiplied by it: the least one is wanted. */
  readonly direction: 1 | -1
  /** Unix ns, by position in `wanted`; `null`: not known. Replaced by starts of this part that are earlier, or later. */
  readonly found: (bigint | null)[]
}

/** Positions in `wanted` */
type Positions = readonly number[]

/**
 * Searches the attempts in the stored sums of a part. What may have the earliest starts is read first, until nothing is left that
 * may have an earlier one: roll-ups are split, then windows, then batches.
 */
export function searchStarts(search: StartSearch): void {
  const { part, ranges, rangesBefore, wanted, found, direction } = search
  const beginNs = part.segments[0]?.unixOffsetNs ?? 0n
  const known = Float64Array.from(found, (ns) => (ns === null ? Infinity : direction * Number(ns - beginNs)))
  const least = known.slice()
  const scan = prepareStartScan(search, least)
  const readPresent = createPresenceReader(search)
  const boundOf = createStartBound(part, direction)

  const mayHave = (some: Positions, ids: TimedIds): Positions => {
    const bound = boundOf(ids)
    return some.filter((i) => bound < (least[i] as number))
  }
  const searchWindow = (some: Positions, { ids }: TimedRange) => {
    for (const step of byBound(joinBatches(readTimedBatches(part, ids)), boundOf)) {
      if (mayHave(some, step).length > 0) scan(step)
    }
  }
  const searchRanges = (
    some: Positions,
    of: readonly TimedRange[],
    presentIn: (some: Positions, range: TimedRange) => Positions,
  ) => {
    for (const range of byBound(of, ({ ids }) => boundOf(ids))) {
      const candidates = mayHave(some, range.ids)
      const present = candidates.length === 0 ? candidates : presentIn(candidates, range)
      if (present.length === 0) continue
      const inside = splitRange(part, range)
      if (inside.length === 0) searchWindow(present, range)
      else searchRanges(present, inside, readPresent)
      // Their attempts are missing, or a server has still to be asked for them: the others would be missed too.
      for (const i of present) if (least[i] === Infinity) least[i] = -Infinity
    }
  }
  const numberOfRange = new Map(ranges.map((range, i) => [range, rangesBefore + i]))
  const all = wanted.map((_, i) => i)
  searchRanges(all, ranges, (some, range) =>
    some.filter((i) => isInRange(wanted[i] as FailedOutcome, numberOfRange.get(range) as number)),
  )
  least.forEach((at, i) => {
    if (Number.isFinite(at) && at < (known[i] as number)) found[i] = beginNs + BigInt(direction * at)
  })
}

/** @returns a function that lowers `least` to the starts of some attempts */
function prepareStartScan({ scope, part, numberOf, wanted, direction }: StartSearch, least: Float64Array) {
  const positions = positionsOf(wanted)
  const { relativeNs } = createWallClock(part)
  return prepareScan(scope, part, ['endpoint_id', 'outcome', 'started_ns'], (row) => {
    const number = numberOf(row[AT.endpoint_id] as number) * OUTCOMES.length + ((row[AT.outcome] as number) & 7)
    const i = positions.get(number)
    if (i === undefined) return
    const at = direction * relativeNs(row[AT.started_ns] as number)
    if (at < (least[i] as number)) least[i] = at
  })
}

/** @returns a function that reads which of some failures are in stored sums */
function createPresenceReader({ part, numberOf, wanted }: StartSearch) {
  const positions = positionsOf(wanted)
  const codes = [...new Set(wanted.map(({ number }) => number % OUTCOMES.length))]
  const lastId = readLastId(part, 'endpoint')
  return (some: Positions, range: TimedRange): Positions => {
    const present = new Set<number | undefined>()
    for (const { blob } of readRanges(part.trace, [range], 'endpoint')) {
      forEachSums(new Uint8Array(blob.buffer, blob.byteOffset, blob.byteLength), ({ id, counts }) => {
        const endpoint = numberOf(Math.min(id, lastId + 1))
        for (const code of codes)
          if ((counts[code] as number) > 0) present.add(positions.get(endpoint * OUTCOMES.length + code))
      })
    }
    return some.filter((i) => present.has(i))
  }
}

function positionsOf(wanted: readonly FailedOutcome[]): ReadonlyMap<number, number> {
  return new Map(wanted.map(({ number }, i) => [number, i]))
}

/** Batches that follow each other, as few as have `STEP_ATTEMPTS`. */
function joinBatches(batches: readonly TimedIds[]): TimedIds[] {
  const steps: TimedIds[] = []
  for (const batch of batches) {
    const open = steps.at(-1)
    if (open === undefined || open.last - open.first + 1 >= STEP_ATTEMPTS) steps.push(batch)
    else {
      const [minNs, maxNs] = [Math.min(open.minNs, batch.minNs), Math.max(open.maxNs, batch.maxNs)]
      steps[steps.length - 1] = { first: open.first, last: batch.last, minNs, maxNs }
    }
  }
  return steps
}

function byBound<T>(items: readonly T[], boundOf: (item: T) => number): T[] {
  const bounded = items.map((item) => ({ item, bound: boundOf(item) }))
  return bounded.toSorted((a, b) => a.bound - b.bound).map(({ item }) => item)
}
