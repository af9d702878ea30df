import type { SessionPart } from './scope.js'

/** Unix time in ns of a time of a session, in ns since it began. */
export function unixTimeOf({ segments }: SessionPart, sessionNs: number): bigint {
  const segment = segments.find(({ toNs }) => sessionNs < toNs) ?? segments.at(-1)
  return (segment?.unixOffsetNs ?? 0n) + BigInt(Math.round(sessionNs))
}
