import { readSync, writeSync } from 'node:fs'
import { containerKey, identifyContainer, type ContainerIdentity } from '../../attempt/container-identity.js'
import { readNewCgroup } from '../event/new-cgroup.js'
import { keepReading } from '../host/drop-privileges.js'
import { createFileUsers } from '../host/user-names.js'
import { pollReadable } from '../native/libc.js'
import { createMetadataRing } from '../probe/metadata-ring.js'
import { openRingBuffer } from '../probe/ring-buffer.js'
import { hasNames } from '../runtimes/container-facts.js'
import { findFacts } from '../runtimes/find-facts.js'
import { createMissing } from './missing-containers.js'
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

function readContainers(account: ReaderAccount): void {
  const ring = createMetadataRing(openRingBuffer(READER_FD.ring, NEW_CGROUPS_BYTES))
  const users = createFileUsers(`/proc/self/fd/${READER_FD.root}`)
  keepReading(account)
  const places = { root: READER_FD.root, homeOf: (uid: number) => users.byUid(uid)?.home ?? null }
  const missing = createMissing(places)
  const answered = new Set<string>()

  const answer = (found: ReaderAnswer) => {
    if ('key' in found) answered.add(found.key)
    if (answered.size > MAX_ANSWERED) answered.clear()
    writeLine(`${JSON.stringify(found)}\n`)
  }
  const readFiles = (identity: ContainerIdentity | null) => {
    if (identity === null) return
    const key = containerKey(identity)
    if (answered.has(key)) return
    const facts = findFacts(places, identity)
    if (facts !== null && (hasNames(facts) || identity.name !== null)) answer({ key, facts })
    else if (identity.name === null && !identity.isNested) missing.add(identity)
  }
  const take = (record: DataView) => {
    const made = readNewCgroup(record)
    if (made !== null) readFiles(identifyContainer(made.path))
  }
  const readRing = () => ring.read(take, CHUNK)
  const serve = (request: ReaderRequest) => {
    if (typeof request === 'string') return readFiles(identifyContainer(request))
    // What the kernel reports from now on is not awaited: others may create cgroups without end.
    for (let chunk = 0; chunk < MAX_CHUNKS && readRing() === CHUNK; chunk++);
    missing.search(true).forEach(answer)
    answer({ done: request })
  }
  const input = createLines()
  let searchedMs = 0
  for (;;) {
    const [, hasInput] = pollReadable([READER_FD.ring, 0], missing.isWaiting() ? ROUND_MS : -1)
    readRing()
    if (hasInput && !input.read((line) => serve(JSON.parse(line) as ReaderRequest))) return
    const nowMs = performance.now()
    if (nowMs - searchedMs < ROUND_MS) continue
    searchedMs = nowMs
    missing.search(false).forEach(answer)
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
