import { readSync, writeSync } from 'node:fs'
import {
  containerKey,
  identifyContainer,
  outerContainers,
  type ContainerIdentity,
} from '../../attempt/container-identity.js'
import { readNewCgroup } from '../event/new-cgroup.js'
import { readMonotonicClock } from '../host/clock.js'
import { keepReading } from '../host/drop-privileges.js'
import { createFileUsers } from '../host/user-names.js'
import { pollReadable } from '../native/libc.js'
import { createMetadataRing } from '../probe/metadata-ring.js'
import { openRingBuffer } from '../probe/ring-buffer.js'
import { hasNames, NO_FACTS } from '../runtimes/container-facts.js'
import { findFacts } from '../runtimes/find-facts.js'
import { createAddressWatch } from './address-watch.js'
import { createMissing, type FoundContainer } from './missing-containers.js'
import {
  NEW_CGROUPS_BYTES,
  READER_FD,
  type ReaderAccount,
  type ReaderAnswer,
  type ReaderRequest,
} from './reader-protocol.js'

/*
 * A process of its own: it has a capability that the recorder drops, and a file system that hangs stops only this
 * process. It waits for records of new cgroups, reads the files of their containers, and writes one line for each
 * container. It ends when the recorder closes its stdin.
 */

/** Interval of searches for containers without a file. */
const ROUND_MS = 200
/** Limit of records of the ring between two looks at stdin, which ends and counts. */
const CHUNK = 64
/** Chunks that the whole ring holds at most: a record has at least 8 bytes. */
const MAX_CHUNKS = NEW_CGROUPS_BYTES / 8 / CHUNK
const INPUT_BYTES = 65_536
/** Limit of containers that are not answered twice. */
const MAX_ANSWERED = 65_536

// Signals of a terminal or a service manager are for the recorder, which closes stdin. SIGUSR1: see `refuseDebugger`.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => {})
readContainers(JSON.parse(process.argv[2] ?? 'null') as ReaderAccount)

function readContainers({ user, isSpare }: ReaderAccount): void {
  const users = createFileUsers(`/proc/self/fd/${READER_FD.root}`)
  keepReading(user)
  // A signal ends the wait, too.
  while (isSpare && pollReadable([0], -1)[0] !== true);
  // Only now: a ring has one consumer, which reads its position once.
  const ring = createMetadataRing(openRingBuffer(READER_FD.ring, NEW_CGROUPS_BYTES))
  const places = { root: READER_FD.root, homeOf: (uid: number) => users.byUid(uid)?.home ?? null }
  const missing = createMissing(places)
  const watch = createAddressWatch({ root: READER_FD.root, clockNs: readMonotonicClock })
  /** Runtimes by key */
  const answered = new Map<string, string | null>()
  const nested = new Set<string>()

  const answer = (found: ReaderAnswer) => writeLine(`${JSON.stringify(found)}\n`)
  const answerFacts = ({ key, facts, identity, cgroup }: FoundContainer) => {
    if (answered.size > MAX_ANSWERED) answered.clear()
    answered.set(key, facts.runtime ?? identity.runtime)
    answer({ key, facts })
    watchAddresses(key, identity, cgroup)
  }
  /** Only of containers of root: those of users have addresses that others do not see. */
  const watchAddresses = (key: string, { id, ownerUid, isNested }: ContainerIdentity, cgroup: string) => {
    const runtime = answered.get(key) ?? null
    if (ownerUid === null && !isNested) watch.add({ key, id, runtime, cgroup })
  }
  const answerNested = (cgroup: string) => {
    for (const key of outerContainers(cgroup).map(containerKey)) {
      if (nested.size > MAX_ANSWERED) nested.clear()
      if (!nested.has(key)) answer({ nested: key })
      nested.add(key)
    }
  }
  const readFiles = (cgroup: string) => {
    const identity = identifyContainer(cgroup)
    if (identity === null) return
    if (identity.isNested) answerNested(cgroup)
    const key = containerKey(identity)
    if (answered.has(key)) return watchAddresses(key, identity, cgroup)
    const facts = findFacts(places, identity)
    if (facts !== null && (hasNames(facts) || identity.name !== null)) answerFacts({ key, facts, identity, cgroup })
    else if (identity.name === null && !identity.isNested) missing.add(identity, cgroup)
    else if (identity.runtime === 'lxc') answerFacts({ key, facts: NO_FACTS, identity, cgroup })
  }
  const readAddresses = (nowMs: number) => {
    const report = watch.read(nowMs)
    if (report !== null) answer({ addresses: report })
  }
  const take = (record: DataView) => {
    const made = readNewCgroup(record)
    if (made !== null) readFiles(made.path)
  }
  const readRing = () => ring.read(take, CHUNK)
  const serve = (request: ReaderRequest) => {
    if (typeof request === 'string') return readFiles(request)
    // What the kernel reports from now on is not awaited: others may create cgroups without end.
    for (let chunk = 0; chunk < MAX_CHUNKS && readRing() === CHUNK; chunk++);
    missing.search(true).forEach(answerFacts)
    readAddresses(performance.now())
    answer({ done: request })
  }
  const input = createLines()
  let searchedMs = 0
  for (;;) {
    const waitMs = Math.min(missing.isWaiting() ? ROUND_MS : Infinity, watch.waitMs(performance.now()))
    const [, hasInput] = pollReadable([READER_FD.ring, 0], waitMs === Infinity ? -1 : Math.ceil(waitMs))
    readRing()
    if (hasInput && !input.read((line) => serve(JSON.parse(line) as ReaderRequest))) return
    const nowMs = performance.now()
    if (watch.waitMs(nowMs) === 0) readAddresses(nowMs)
    if (nowMs - searchedMs < ROUND_MS) continue
    searchedMs = nowMs
    missing.search(false).forEach(answerFacts)
  }
}

function writeLine(line: string): void {
  const bytes = Buffer.from(line)
  for (let written = 0; written < bytes.length;) written += writeSync(1, bytes, written)
}

/** Lines of stdin. */
function createLines(): { read(take: (line: string) => void): boolean } {
  const buffer = Buffer.alloc(INPUT_BYTES)
  let rest = Buffer.alloc(0)
  return {
    /** Reads what has arrived. @returns whether stdin is open */
    read(take) {
      const count = readSync(0, buffer)
      if (count === 0) return false
      const lines = Buffer.concat([rest, buffer.subarray(0, count)])
        .toString('latin1')
        .split('\n')
      rest = Buffer.from(lines.pop() ?? '', 'latin1')
      for (const line of lines) take(Buffer.from(line, 'latin1').toString())
      return true
    },
  }
}
