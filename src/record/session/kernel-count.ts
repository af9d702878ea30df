import { listNamespaces, readCounters, type CountedNetns } from '../host/active-opens.js'
import { readMonotonicClock } from '../host/clock.js'
import { sleep } from '../host/sleep.js'
import { compareWithKernel, withoutCarried, type Completeness, type CounterReading } from './completeness.js'

const SETTLE_MS = 1

/** Holds what was recorded in one file against TcpActiveOpens. */
export interface KernelCount {
  /** Runs `switchOn` between two readings of the counters. */
  begin(switchOn: () => void): void
  /** Runs `switchOff` between two readings of the counters. */
  end(switchOff: () => void): void
  /** Reads the counters while attempts go on, those of new namespaces too, as far as this process may still see them. */
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
  /** All that were read, those that were made since the last moment too */
  readonly namespaces: readonly CountedNetns[]
  /** CLOCK_MONOTONIC between the two readings */
  readonly atNs: bigint
}

const NOTHING: CounterReading = { before: new Map(), after: new Map() }

/** To be made while still privileged: only then processes of other users show which namespace they are in. */
export function createKernelCount(): KernelCount {
  return createCount(listNamespaces(), NOTHING)
}

function createCount(listed: readonly CountedNetns[], startReading: CounterReading): KernelCount {
  let namespaces = listed
  let latest = listed
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
      latest = listNamespaces(latest)
      // One that is gone may have left its number to another.
      namespaces = namespaces.filter((netns) => latest.includes(netns))
      const reading = readAround(latest, () => void (atNs = readMonotonicClock()))
      return { reading, namespaces: latest, atNs }
    },
    split(moment, carried) {
      const reading = withoutCarried(moment.reading, carried)
      end = readingOf(reading, namespaces)
      return createCount(moment.namespaces, reading)
    },
    compare: (attemptsByNetns) => compareWithKernel(start, end, attemptsByNetns),
  }
}

function readingOf({ before, after }: CounterReading, namespaces: readonly CountedNetns[]): CounterReading {
  const isListed = ([inode]: readonly [number, number]) => namespaces.some((netns) => netns.inode === inode)
  return { before: new Map([...before].filter(isListed)), after: new Map([...after].filter(isListed)) }
}

function readAround(namespaces: readonly CountedNetns[], step: () => void): CounterReading {
  const before = readCounters(namespaces)
  step()
  // Between the change to SYN_SENT and the counter an attempt takes microseconds: those under way are counted by now.
  sleep(SETTLE_MS)
  return { before, after: readCounters(namespaces) }
}
