import { createSegmentIndex } from '../trace/segment-index.js'
import type { SessionPart } from '../trace/scope.js'

const DAY_NS = 86_400_000_000_000

/** Finds the days in UTC, counted from 1970, on which attempts of a part began; exact, with no BigInt for each of them. */
export function createDayOf({ segments }: SessionPart): (startedNs: number) => number {
  const offsets = segments.map(({ unixOffsetNs }) => {
    const day = floorDivide(unixOffsetNs, BigInt(DAY_NS))
    return { day: Number(day), restNs: Number(unixOffsetNs - day * BigInt(DAY_NS)) }
  })
  const indexOf = createSegmentIndex(segments)
  return (startedNs) => {
    const offset = offsets[indexOf(startedNs)]
    return offset === undefined ? 0 : offset.day + Math.floor((startedNs + offset.restNs) / DAY_NS)
  }
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value < quotient * by ? quotient - 1n : quotient
}
