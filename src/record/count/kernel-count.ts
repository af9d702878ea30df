import { listNamespaces, readCounters, type CountedNetns } from './active-opens.js'
import { readMonotonicClock, sleep } from '../host/clock.js'
import { compareWithKernel, withoutInFlight, type Completeness, type CounterReading } from './completeness.js'

const SETTLE_MS = 1

/** Compares the attempts of one file with TcpActiveOpens. */
export interface KernelCount {
  /** Runs `switchOn` between two readings of the counters. */
  begin(switchOn: () => void): void
  /** Runs `switchOff` between two readings of the counters. */
  end(switchOff: () => void): void
  /** Reads the counters while attempts continue, including new namespaces as far as they are visible. */
  readNow(): CountedMoment
  /**
   * Ends this count at a moment and starts the next one there.
   * @param inFlight attempts by namespace that the kernel counted before, and that the next file will contain
   */
  split(moment: CountedMoment, inFlight: ReadonlyMap<number, number>): KernelCount
  /** @param attemptsByNetns recorded attempts that the kernel counts, by namespace inode */
  compare(attemptsByNetns: ReadonlyMap<number, number>): Completeness
}

/** Counters read around a moment. */
export interface CountedMoment {
  readonly reading: CounterReading
  /** All namespaces that were read, including new ones */
  readonly namespaces: readonly CountedNetns[]
  /** CLOCK_MONOTONIC between the two readings */
  readonly atNs: bigint
}

const NOTHING: CounterReading = { before: new Map(), after: new Map() }

/**
 * Call while privileged: only then are the namespaces of other users' processes visible.
 * @param root the host's root directory, `null` if it is not visible
 */
export function createKernelCount(root: string | null): KernelCount {
  return createCount(root, listNamespaces([], root), NOTHING)
}

function createCount(root: string | null, listed: readonly CountedNetns[], startReading: CounterReading): KernelCount {
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
      latest = listNamespaces(latest, root)
      // The inode number of a removed namespace may have been reused.
      namespaces = namespaces.filter((netns) => latest.includes(netns))
      const reading = readAround(latest, () => void (atNs = readMonotonicClock()))
      return { reading, namespaces: latest, atNs }
    },
    split(moment, inFlight) {
      const reading = withoutInFlight(moment.reading, inFlight)
      end = readingOf(reading, namespaces)
      return createCount(root, moment.namespaces, reading)
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
  // An attempt takes microseconds from the change to SYN_SENT to the counter. All attempts under way are counted after
  // this.
  sleep(SETTLE_MS)
  return { before, after: readCounters(namespaces) }
}
