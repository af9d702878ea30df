import { netnsInodeOf, netnsKeyOf, listPids, readActiveOpens } from '../host/active-opens.js'
import { compareWithKernel, type Completeness, type CounterReading } from './completeness.js'

/** Holds what was recorded against TcpActiveOpens. */
export interface KernelCount {
  /** To be called for each process at first sight: ties the probe's namespace numbers to the counters. */
  noteProcess(pid: number, netns: number): void
  /** Runs `switchOn` between two readings of the counters. */
  begin(switchOn: () => void): void
  /** Runs `switchOff` between two readings of the counters. */
  end(switchOff: () => void): void
  /** @param attemptsByNetns recorded attempts that the kernel counts, by namespace inode */
  compare(attemptsByNetns: ReadonlyMap<number, number>): Completeness
}

/**
 * To be made while still privileged: namespaces that are only named can be read then, and processes of other users
 * show which namespace they are in.
 */
export function createKernelCount(): KernelCount {
  const privileged = readActiveOpens()
  const keyOfNetns = new Map<number, number>()
  noteAll(keyOfNetns)
  let start: CounterReading = { before: privileged, after: privileged }
  let end: CounterReading = start
  return {
    noteProcess(pid, netns) {
      const key = keyOfNetns.has(netns) ? null : netnsKeyOf(pid)
      if (key !== null) keyOfNetns.set(netns, key)
    },
    begin(switchOn) {
      const before = new Map([...privileged, ...readActiveOpens()])
      switchOn()
      start = { before, after: new Map([...privileged, ...readActiveOpens()]) }
    },
    end(switchOff) {
      const before = readActiveOpens()
      switchOff()
      end = { before, after: readActiveOpens() }
    },
    compare(attemptsByNetns) {
      const byKey = [...attemptsByNetns].map(([netns, attempts]) => [keyOfNetns.get(netns) ?? null, attempts] as const)
      return compareWithKernel(start, end, sumByKey(byKey))
    },
  }
}

function noteAll(keyOfNetns: Map<number, number>): void {
  for (const pid of listPids()) {
    const netns = netnsInodeOf(pid)
    if (netns === null || keyOfNetns.has(netns)) continue
    const key = netnsKeyOf(pid)
    if (key !== null) keyOfNetns.set(netns, key)
  }
}

function sumByKey(entries: readonly (readonly [number | null, number])[]): Map<number | null, number> {
  const sums = new Map<number | null, number>()
  for (const [key, attempts] of entries) sums.set(key, (sums.get(key) ?? 0) + attempts)
  return sums
}
