import type { PendingEvents } from '../probe/pending.js'
import { connectEvent } from '../event/wire.gen.js'
import { readEventStart, type EventStart } from '../event/event-start.js'

/**
 * Attempts that the kernel counted before a moment and that the current file does not contain, by network namespace.
 * Attempts that the file contains, but that the kernel counted after the moment, count as -1. Pure.
 * @param pending the pending attempts, copied after the moment
 * @param noted starts of the attempts written to the file since the copy began: includes all that ended before it was
 * done
 * @param atNs the moment, CLOCK_MONOTONIC
 */
export function countInFlight(pending: PendingEvents, noted: readonly EventStart[], atNs: bigint): Map<number, number> {
  const inFlight = new Map<number, number>()
  const add = (netns: number, count: number) => void inFlight.set(netns, (inFlight.get(netns) ?? 0) + count)
  // Only the start time connects the two. In ns it identifies an attempt well enough.
  const recorded = new Map<bigint, number>()
  for (const { startedNs, netns } of noted) {
    if (startedNs > atNs) add(netns, -1)
    else recorded.set(startedNs, (recorded.get(startedNs) ?? 0) + 1)
  }
  for (let i = 0; i < pending.count; i++) {
    const { startedNs, netns } = readEventStart(pending, i * connectEvent.size_bytes)
    const ended = recorded.get(startedNs) ?? 0
    if (ended > 0) recorded.set(startedNs, ended - 1)
    else if (startedNs <= atNs) add(netns, 1)
  }
  return inFlight
}
