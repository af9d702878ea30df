import { listNamespaces, netnsKeyOf, readCounters, type CountedNetns } from '../host/active-opens.js'
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
 * To be made while still privileged: namespaces that only have a name can be read then, and processes of other users
 * show which namespace they are in.
 */
export function createKernelCount(): KernelCount {
  const keyOfNetns = new Map<number, number>()
  const privileged = readCounters(findNamespaces(keyOfNetns))
  let start: CounterReading = { before: privileged, after: privileged }
  let end: CounterReading = start
  return {
    noteProcess(pid, netns) {
      const key = keyOfNetns.has(netns) ? null : netnsKeyOf(pid)
      if (key !== null) keyOfNetns.set(netns, key)
    },
    begin(switchOn) {
      const { before, after } = readAround(findNamespaces(keyOfNetns), switchOn)
      start = { before: new Map([...privileged, ...before]), after: new Map([...privileged, ...after]) }
    },
    end(switchOff) {
      end = readAround(findNamespaces(keyOfNetns), switchOff)
    },
    compare(attemptsByNetns) {
      const byKey = new Map<number | null, number>()
      for (const [netns, attempts] of attemptsByNetns) {
        const key = keyOfNetns.get(netns) ?? null
        byKey.set(key, (byKey.get(key) ?? 0) + attempts)
      }
      return compareWithKernel(start, end, byKey)
    },
  }
}

/** Lists the namespaces of now, and notes the key of each whose inode number can be seen. */
function findNamespaces(keyOfNetns: Map<number, number>): CountedNetns[] {
  const namespaces = [...listNamespaces().values()]
  for (const { inode, key } of namespaces) if (inode !== null) keyOfNetns.set(inode, key)
  return namespaces
}

/** The namespaces are found beforehand, so that little time passes between the two readings. */
function readAround(namespaces: readonly CountedNetns[], step: () => void): CounterReading {
  const before = readCounters(namespaces)
  step()
  return { before, after: readCounters(namespaces) }
}
