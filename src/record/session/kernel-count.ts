import { listNamespaces, readCounters, type CountedNetns } from '../host/active-opens.js'
import { compareWithKernel, type Completeness, type CounterReading } from './completeness.js'

const SETTLE_MS = 1

/** Holds what was recorded against TcpActiveOpens. */
export interface KernelCount {
  /** Runs `switchOn` between two readings of the counters. */
  begin(switchOn: () => void): void
  /** Runs `switchOff` between two readings of the counters. */
  end(switchOff: () => void): void
  /** @param attemptsByNetns recorded attempts that the kernel counts, by namespace inode */
  compare(attemptsByNetns: ReadonlyMap<number, number>): Completeness
}

/** To be made while still privileged: only then processes of other users show which namespace they are in. */
export function createKernelCount(): KernelCount {
  const namespaces = listNamespaces()
  const nothing: CounterReading = { before: new Map(), after: new Map() }
  let [start, end] = [nothing, nothing]
  return {
    begin(switchOn) {
      start = readAround(namespaces, switchOn)
    },
    end(switchOff) {
      end = readAround(namespaces, switchOff)
    },
    compare: (attemptsByNetns) => compareWithKernel(start, end, attemptsByNetns),
  }
}

function readAround(namespaces: readonly CountedNetns[], step: () => void): CounterReading {
  const before = readCounters(namespaces)
  step()
  // Between the change to SYN_SENT and the counter an attempt takes microseconds: those under way are counted by now.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SETTLE_MS)
  return { before, after: readCounters(namespaces) }
}
