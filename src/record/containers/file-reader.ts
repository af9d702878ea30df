import {
  containerCgroup,
  containerKey,
  identifyContainer,
  outerContainers,
  type ContainerIdentity,
} from '../../attempt/container-identity.js'
import { readMonotonicClock } from '../host/clock.js'
import { hasNames, NO_FACTS, type ContainerFacts } from '../runtimes/container-facts.js'
import type { PodName } from '../runtimes/address-files.js'
import { findFacts, type RuntimePlaces } from '../runtimes/find-facts.js'
import { hasDirectory } from '../runtimes/read-beneath.js'
import type { AddressedContainer } from '../runtimes/container-addresses.js'
import { createAddressWatch, type AddressWatch } from './address-watch.js'
import { createMissing, type FoundContainer } from './missing-containers.js'
import type { ReaderAnswer } from './reader-protocol.js'

/** Interval of searches for containers without a file. */
const ROUND_MS = 200
/** Limit of containers that are not answered twice. */
const MAX_ANSWERED = 65_536
/** Limit of files that are reported as too large. */
const MAX_TOO_LARGE = 1000

/** What the reader finds in the files of runtimes. */
export interface FileReader {
  /** Reads the files of the container of a cgroup, once. */
  read(cgroup: string): void
  /** Time until `tend` has work; Infinity: none */
  waitMs(nowMs: number): number
  /** Searches again for files that were missing, and for changed addresses. */
  tend(nowMs: number): void
  /** Searches once more for all, and then returns a number of the recorder. */
  finish(number: number): void
}

/** Where the reader looks. */
export interface ReaderPlaces extends RuntimePlaces {
  /** Descriptor of the root of the host's cgroups; `null`: not visible */
  readonly cgroups: number | null
}

type Answered = Pick<AddressedContainer, 'runtime' | 'pod'>

export function createFileReader(places: ReaderPlaces, answer: (found: ReaderAnswer) => void): FileReader {
  const missing = createMissing(places)
  const watch = watchFiles(places, (path) => answer({ tooLarge: `/${path}` }))
  /** By key */
  const answered = new Map<string, Answered>()
  const nested = new Set<string>()
  let searchedMs = 0

  /** Only of containers of root: those of users have addresses that others do not see. */
  const watchAddresses = (key: string, { id, ownerUid, isNested }: ContainerIdentity, cgroup: string) => {
    const known = answered.get(key)
    if (known === undefined || ownerUid !== null || isNested) return
    watch.add({ key, id, ...known, cgroup: containerCgroup(cgroup) ?? cgroup })
  }
  const answerFacts = ({ key, facts, identity, cgroup }: FoundContainer) => {
    if (answered.size > MAX_ANSWERED) answered.clear()
    answered.set(key, { runtime: facts.runtime ?? identity.runtime, pod: podOf(facts) })
    answer({ key, facts })
    watchAddresses(key, identity, cgroup)
  }
  const answerOuter = (cgroup: string) => {
    for (const outer of outerContainers(cgroup)) {
      const key = containerKey(outer)
      if (outer.ownerUid !== null || nested.has(key) || nested.size > MAX_ANSWERED) continue
      nested.add(key)
      answer({ nested: key })
    }
  }
  const readAddresses = (nowMs: number) => {
    const report = watch.read(nowMs)
    if (report !== null) answer({ addresses: report })
  }
  return {
    read(cgroup) {
      const identity = identifyContainer(cgroup)
      if (identity === null) return
      if (identity.isNested) answerOuter(cgroup)
      const key = containerKey(identity)
      if (answered.has(key)) return watchAddresses(key, identity, cgroup)
      const facts = findFacts(places, identity)
      if (facts !== null && (hasNames(facts) || identity.name !== null)) answerFacts({ key, facts, identity, cgroup })
      else if (identity.name === null && !identity.isNested) missing.add(identity, cgroup)
      else if (identity.runtime === 'lxc' || identity.runtime === 'containerd')
        answerFacts({ key, facts: NO_FACTS, identity, cgroup })
    },
    waitMs: (nowMs) => Math.min(missing.isWaiting() ? ROUND_MS : Infinity, watch.waitMs(nowMs)),
    tend(nowMs) {
      if (watch.waitMs(nowMs) === 0) readAddresses(nowMs)
      if (nowMs - searchedMs < ROUND_MS) return
      searchedMs = nowMs
      missing.search(false).forEach(answerFacts)
    },
    finish(number) {
      missing.search(true).forEach(answerFacts)
      readAddresses(performance.now())
      answer({ done: number })
    },
  }
}

/** @param onTooLarge called once for each path below the root */
function watchFiles({ root, cgroups }: ReaderPlaces, onTooLarge: (path: string) => void): AddressWatch {
  const tooLarge = new Set<string>()
  return createAddressWatch({
    root,
    clockNs: readMonotonicClock,
    hasCgroup: cgroups === null ? null : (path) => hasDirectory(cgroups, path.slice(1)),
    onTooLarge(path) {
      if (tooLarge.has(path) || tooLarge.size >= MAX_TOO_LARGE) return
      tooLarge.add(path)
      onTooLarge(path)
    },
  })
}

function podOf({ podName: name, podNamespace: namespace, podUid: uid }: ContainerFacts): PodName | null {
  return name === null || namespace === null ? null : { name, namespace, uid }
}
