import type { PendingEvents } from '../probe/pending.js'
import { connectEvent } from '../probe/wire.gen.js'
import { readBeginning, type Beginning } from './beginning.js'

/**
 * How many attempts the kernel had counted by a moment that are not in the file which is left then, by network namespace. Those
 * that are in it, but that the kernel counted only later, count against them. Pure.
 * @param pending the attempts without an answer, copied after the moment
 * @param noted what went into the file after that copy was begun: all that had ended when it was done is among it
 * @param atNs the moment, CLOCK_MONOTONIC
 */
export function countCarried(pending: PendingEvents, noted: readonly Beginning[], atNs: bigint): Map<number, number> {
  const carried = new Map<number, number>()
  const add = (netns: number, count: number) => void carried.set(netns, (carried.get(netns) ?? 0) + count)
  // The two have nothing but their beginning in common; it is in ns, and by far fine enough to tell attempts apart.
  const recorded = new Map<bigint, number>()
  for (const { startedNs, netns } of noted) {
    if (startedNs > atNs) add(netns, -1)
    else recorded.set(startedNs, (recorded.get(startedNs) ?? 0) + 1)
  }
  for (let i = 0; i < pending.count; i++) {
    const { startedNs, netns } = readBeginning(pending, i * connectEvent.size_bytes)
    const ended = recorded.get(startedNs) ?? 0
    if (ended > 0) recorded.set(startedNs, ended - 1)
    else if (startedNs <= atNs) add(netns, 1)
  }
  return carried
}
