import { listNamespaces, readCounters, type CountedNetns } from '../host/active-opens.js'
import { readMonotonicClock } from '../host/clock.js'
import { compareWithKernel, withoutCarried, type Completeness, type CounterReading } from './completeness.js'

const SETTLE_MS = 1

/** Holds what was recorded in one file against TcpActiveOpens. */
export interface KernelCount {
  /** Runs `switchOn` between two readings of the counters. */
  begin(switchOn: () => void): void
  /** Runs `switchOff` between two readings of the counters. */
  end(switchOff: () => void): void
  /** Reads the counters while attempts go on. */
  readNow(): CountedMoment
  /**
   * Ends this count at a moment, at which the next one begins.
   * @param carried attempts by namespace that the kernel counted until then, and that the next file will hold
   */
  split(moment: CountedMoment, carried: ReadonlyMap<number, number>): KernelCount
  /** @param attemptsByNetns recorded attempts that the kernel counts, by namespace inode */
  compare(attemptsByNetns: ReadonlyMap<number, number>): Completeness
}

/** Counters that were read around a moment. */
export interface CountedMoment {
  readonly reading: CounterReading
  /** CLOCK_MONOTONIC between the two readings */
  readonly atNs: bigint
}

const NOTHING: CounterReading = { before: new Map(), after: new Map() }

/** To be made while still privileged: only then processes of other users show which namespace they are in. */
export function createKernelCount(): KernelCount {
  return createCount(listNamespaces(), NOTHING)
}

function createCount(namespaces: readonly CountedNetns[], startReading: CounterReading): KernelCount {
  let [start, end] = [startReading, NOTHING]
  return {
    begin(switchOn) {
      start = readAround(namespaces, switchOn)
    },
    end(switchOff) {
      end = readAround(namespaces, switchOff)
    },
    readNow() {
      let atNs = 0n
      const reading = readAround(namespaces, () => void (atNs = readMonotonicClock()))
      return { reading, atNs }
    },
    split({ reading }, carried) {
      end = withoutCarried(reading, carried)
      return createCount(namespaces, end)
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
