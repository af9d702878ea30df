import { nearestRank } from '../../../sums/latency-histogram.js'
import { AT } from '../../scan/attempt-columns.js'
import { scanScope } from '../../scan/scan-rows.js'
import type { Scope } from '../../scan/scope.js'
import { createWallClock } from '../../scan/wall-clock.js'
import type { ConnectPairs, RepeatedConnects } from './repeated-connects.js'

/**
 * When the attempts of some pairs began. Reads the attempts once more: most often few of the pairs are wanted, and the
 * starts of all of them would take much memory.
 * @returns what gives the starts of a wanted pair, ascending, in ns by the wall clock since a moment that is the same for
 *   all
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
  // All starts of a pair are there now: the next one would go to where they end.
  return ({ pair, attempts }) => starts.subarray((next[pair] as number) - attempts, next[pair]).toSorted()
}

/** By number: 1 for processes and endpoints of wanted pairs; where the next start of a pair goes, -1 for unwanted ones. */
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

/** Near the attempts, so that what is counted from there is exact in a double. */
function baseOf({ parts }: Scope): bigint {
  return parts.find(({ segments }) => segments.length > 0)?.segments[0]?.unixOffsetNs ?? 0n
}

/** How far apart ascending starts are: the median in ns, nearest rank; `null` for a single one. */
export function medianGap(starts: Float64Array): number | null {
  if (starts.length < 2) return null
  const gaps = starts.subarray(1).map((start, i) => start - (starts[i] as number))
  return gaps.toSorted()[nearestRank(50, gaps.length) - 1] as number
}
