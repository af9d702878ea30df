import { nearestRank } from '../../../sums/latency-histogram.js'
import { AT } from '../../scan/attempt-columns.js'
import { scanScope } from '../../scan/scan-rows.js'
import type { Scope } from '../../scan/scope.js'
import { createWallClock } from '../../scan/wall-clock.js'
import type { ConnectPairs, RepeatedConnects } from './repeated-connects.js'

/**
 * Reads the start times of the attempts of some pairs. This is a second pass over the attempts: most often few pairs
 * are wanted, and the start times of all pairs would take much memory.
 * @returns a function that returns the start times of a wanted pair, ascending, in ns of the wall clock since a moment
 *   that is the same for all pairs
 */
export function readStarts(
  pairs: ConnectPairs,
  wanted: readonly RepeatedConnects[],
): (pair: RepeatedConnects) => Float64Array {
  const { scope, processes, endpoints, numbers } = pairs
  const { isProcess, isEndpoint, next } = markWanted(pairs, wanted)
  const starts = new Float64Array(wanted.reduce((sum, { attempts }) => sum + attempts, 0))
  const baseNs = baseOf(scope)
  scanScope(scope, ['process_id', 'endpoint_id', 'started_ns'], (part) => {
    const [processOf, endpointOf, clock] = [processes.of(part), endpoints.of(part), createWallClock(part)]
    const shiftNs = Number((part.segments[0]?.unixOffsetNs ?? baseNs) - baseNs)
    return {
      take(row) {
        const endpoint = endpointOf(row[AT.endpoint_id] as number)
        if (isEndpoint[endpoint] !== 1) return
        const process = processOf(row[AT.process_id] as number)
        if (isProcess[process] !== 1) return
        const pair = numbers.numberOf(process, endpoint)
        const at = next[pair] as number
        if (at < 0) return
        next[pair] = at + 1
        starts[at] = shiftNs + clock.relativeNs(row[AT.started_ns] as number)
      },
    }
  })
  // All starts of a pair are read: its next position is the end of its starts.
  return ({ pair, attempts }) => starts.subarray((next[pair] as number) - attempts, next[pair]).toSorted()
}

/**
 * Arrays by number: 1 for processes and endpoints of wanted pairs; the position of the next start of a pair, -1 for
 * unwanted pairs.
 */
function markWanted({ numbers }: ConnectPairs, wanted: readonly RepeatedConnects[]) {
  const pairs = wanted.map(({ pair }) => numbers.pairOf(pair))
  const highest = (half: 0 | 1) => pairs.reduce((max, pair) => Math.max(max, pair[half]), 0)
  const isProcess = new Uint8Array(highest(0) + 1)
  const isEndpoint = new Uint8Array(highest(1) + 1)
  const next = new Float64Array(numbers.size).fill(-1)
  for (const [process, endpoint] of pairs) {
    isProcess[process] = 1
    isEndpoint[endpoint] = 1
  }
  let at = 0
  for (const { pair, attempts } of wanted) {
    next[pair] = at
    at += attempts
  }
  return { isProcess, isEndpoint, next }
}

/** A moment near the attempts: differences from it are exact in a double. */
function baseOf({ parts }: Scope): bigint {
  return parts.find(({ segments }) => segments.length > 0)?.segments[0]?.unixOffsetNs ?? 0n
}

/** Median of the differences between ascending start times, in ns, nearest rank; `null` for a single start. */
export function medianGap(starts: Float64Array): number | null {
  if (starts.length < 2) return null
  const gaps = starts.subarray(1).map((start, i) => start - (starts[i] as number))
  return gaps.toSorted()[nearestRank(50, gaps.length) - 1] as number
}
