import { readSync, writeSync } from 'node:fs'
import { readNewCgroup } from '../event/new-cgroup.js'
import { keepReading } from '../host/drop-privileges.js'
import { createFileUsers } from '../host/user-names.js'
import { pollReadable } from '../native/libc.js'
import { createMetadataRing } from '../probe/metadata-ring.js'
import { openRingBuffer } from '../probe/ring-buffer.js'
import { createFileReader } from './file-reader.js'
import { NEW_CGROUPS_BYTES, READER_FD, type ReaderAccount, type ReaderRequest } from './reader-protocol.js'

/*
 * A process of its own: it has a capability that the recorder drops, and a file system that hangs stops only this
 * process. It waits for records of new cgroups, reads the files of their containers, and writes one line for each
 * container. It ends when the recorder closes its stdin.
 */

/** Limit of records of the ring between two looks at stdin, which ends and counts. */
const CHUNK = 64
/** Chunks that the whole ring holds at most: a record has at least 8 bytes. */
const MAX_CHUNKS = NEW_CGROUPS_BYTES / 8 / CHUNK
const INPUT_BYTES = 65_536

// Signals of a terminal or a service manager are for the recorder, which closes stdin. SIGUSR1: see `refuseDebugger`.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => {})
readContainers(JSON.parse(process.argv[2] ?? 'null') as ReaderAccount)

function readContainers({ user, isSpare, hasCgroups }: ReaderAccount): void {
  const users = createFileUsers(`/proc/self/fd/${READER_FD.root}`)
  const places = {
    root: READER_FD.root,
    cgroups: hasCgroups ? READER_FD.cgroups : null,
    homeOf: (uid: number) => users.byUid(uid)?.home ?? null,
  }
  const files = createFileReader(places, (answer) => writeLine(`${JSON.stringify(answer)}\n`))
  keepReading(user)
  if (isSpare) waitForInput()
  // Only now: a ring has one consumer, which reads its position once.
  const ring = createMetadataRing(openRingBuffer(READER_FD.ring, NEW_CGROUPS_BYTES))
  const take = (record: DataView) => {
    const made = readNewCgroup(record)
    if (made !== null) files.read(made.path)
  }
  const readRing = () => ring.read(take, CHUNK)
  const serve = (request: ReaderRequest) => {
    if (typeof request === 'string') return files.read(request)
    // What the kernel reports from now on is not awaited: others may create cgroups without end.
    for (let chunk = 0; chunk < MAX_CHUNKS && readRing() === CHUNK; chunk++);
    files.finish(request)
  }
  const input = createLines()
  for (;;) {
    const waitMs = files.waitMs(performance.now())
    const [, hasInput] = pollReadable([READER_FD.ring, 0], waitMs === Infinity ? -1 : Math.ceil(waitMs))
    readRing()
    if (hasInput && !input.read((line) => serve(JSON.parse(line) as ReaderRequest))) return
    files.tend(performance.now())
  }
}

/** A signal ends a wait, too. */
function waitForInput(): void {
  for (let hasInput = false; !hasInput;) hasInput = pollReadable([0], -1)[0] === true
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
