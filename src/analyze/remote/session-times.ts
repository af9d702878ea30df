import type { TraceSpan } from '../options/parse-time.js'
import type { FoundSession } from './read-sessions.js'

/** As `spanOf` of a scope. */
export function spanOfSessions(sessions: readonly FoundSession[]): TraceSpan {
  const spans = sessions.map(({ clock, durationNs, batches }) => {
    const endNs = durationNs ?? batches.writtenNs
    return { firstUnixNs: offsetAt(clock, 0), lastUnixNs: offsetAt(clock, endNs) + BigInt(Math.round(endNs)) }
  })
  return spans.reduce((all, one) => ({
    firstUnixNs: one.firstUnixNs < all.firstUnixNs ? one.firstUnixNs : all.firstUnixNs,
    lastUnixNs: one.lastUnixNs > all.lastUnixNs ? one.lastUnixNs : all.lastUnixNs,
  }))
}

function offsetAt(clock: FoundSession['clock'], ns: number): bigint {
  return (clock.findLast(({ sinceNs }) => sinceNs <= ns) ?? clock[0])?.unixOffsetNs ?? 0n
}

/** Whether a session may have something of a time. */
export function touches(
  { clock, durationNs, batches }: FoundSession,
  since: bigint | null,
  until: bigint | null,
): boolean {
  const offsets = clock.map(({ unixOffsetNs }) => unixOffsetNs)
  const earliest = minOf(offsets) + BigInt(Math.floor(Math.min(0, batches.minStartedNs ?? 0)))
  const latest =
    maxOf(offsets) + BigInt(Math.ceil(Math.max(durationNs ?? 0, batches.writtenNs, batches.maxStartedNs ?? 0)))
  return (since === null || latest >= since) && (until === null || earliest < until)
}

export function minOf(values: readonly bigint[]): bigint {
  return values.reduce((least, value) => (value < least ? value : least))
}

export function maxOf(values: readonly bigint[]): bigint {
  return values.reduce((most, value) => (value > most ? value : most))
}

/** A time that `parseTime` reads exactly. */
export function formatUnixNs(unixNs: bigint): string {
  const fraction = String(unixNs % 1_000_000_000n).padStart(9, '0')
  return `${new Date(Number(unixNs / 1_000_000n)).toISOString().slice(0, 19)}.${fraction}Z`
}
