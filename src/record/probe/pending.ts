import type { EventMemory } from '../event/event-memory.js'
import type { ProcessTable } from '../event/process-table.js'
import type { Libbpf } from '../native/libbpf.js'
import { bucket, connectEvent, pendingAttempt } from '../event/wire.gen.js'

/** A copy of the probe's pending attempts as consecutive events. */
export interface PendingEvents extends EventMemory {
  readonly count: number
}

/** Entries copied per call: more than any bucket of the hash contains. */
const BATCH = 4096
const KEY_BYTES = 8
const ENOENT = -2
const ATTEMPT_WORDS = pendingAttempt.size_bytes / 4
const EVENT_WORDS = connectEvent.size_bytes / 4
/** As in bpf/connect_event.h. */
const PLACE_TAKEN = 1
/** Places of a bucket. */
const PLACES = (bucket.attempts - bucket.socks) / KEY_BYTES

/** Storage of pending attempts: bpf/pending.h. */
export interface PendingMaps {
  /** The mapped array of struct bucket, `null` if the kernel uses only the hash */
  readonly buckets: ArrayBuffer | null
  /** The hash */
  readonly fd: number
}

/**
 * Returns a function that copies the pending attempts. While the probe is attached, the copy may include or miss
 * attempts that begin or end during the call.
 */
export function createPendingReader(
  libbpf: Libbpf,
  maps: PendingMaps,
  ring: { readonly processes: ProcessTable; learnProcesses(): void },
): () => PendingEvents {
  const buckets = maps.buckets === null ? null : new Uint32Array(maps.buckets)
  const readHash = createHashReader(libbpf, maps.fd)
  return () => {
    const attempts = buckets === null ? [] : copyBuckets(buckets)
    for (const values of readHash()) {
      for (let at = 0; at < values.length; at += ATTEMPT_WORDS) attempts.push(values.subarray(at, at + ATTEMPT_WORDS))
    }
    // A process is written to the ring before its attempt is added to the map.
    ring.learnProcesses()
    const words = new Uint32Array(attempts.length * EVENT_WORDS)
    attempts.forEach((attempt, i) => {
      words.set(attempt, i * EVENT_WORDS)
      forgetLeftovers(words, i * EVENT_WORDS)
    })
    return { words, bytes: new Uint8Array(words.buffer), count: attempts.length, processes: ring.processes }
  }
}

/** Clears values of the socket's last use, which the map stores in the fields for local port, errno and retransmits. */
function forgetLeftovers(words: Uint32Array, at: number): void {
  words[at + connectEvent.local_port / 4] = 0
  words[at + connectEvent.outcome / 4] = (words[at + connectEvent.outcome / 4] as number) & 0xff00ff00
}

/** Word offsets of the process keys of pending attempts. */
export function* processKeysOf({ count }: PendingEvents): Generator<number> {
  for (let i = 0; i < count; i++) yield (i * connectEvent.size_bytes + connectEvent.process) / 4
}

function copyBuckets(buckets: Uint32Array): Uint32Array[] {
  const copies: Uint32Array[] = []
  for (let at = 0; at < buckets.length; at += bucket.size_bytes / 4) {
    for (let place = 0; place < PLACES; place++) {
      const sock = at + (bucket.socks + place * KEY_BYTES) / 4
      // Free, or claimed by an attempt that is being written.
      if ((buckets[sock] as number) <= PLACE_TAKEN && buckets[sock + 1] === 0) continue
      const from = at + (bucket.attempts + place * pendingAttempt.size_bytes) / 4
      const copy = buckets.slice(from, from + ATTEMPT_WORDS)
      // An attempt that ended meanwhile may have been replaced by another one whose fields are incomplete.
      if (copy[0] !== 0 || copy[1] !== 0) copies.push(copy)
    }
  }
  return copies
}

function createHashReader(libbpf: Libbpf, fd: number): () => Uint32Array[] {
  const keys = new Uint8Array(BATCH * KEY_BYTES)
  const values = new Uint32Array(BATCH * ATTEMPT_WORDS)
  const bytes = new Uint8Array(values.buffer)
  const count = new Uint32Array(1)
  return () => {
    const chunks: Uint32Array[] = []
    let position: Uint8Array | null = null
    let result = 0
    while (result !== ENOENT) {
      const next = new Uint8Array(KEY_BYTES)
      count[0] = BATCH
      result = libbpf.lookupBatch(fd, position, next, keys, bytes, count, null)
      if (result !== 0 && result !== ENOENT) throw new Error(`cannot read the pending attempts: error ${-result}`)
      chunks.push(values.slice(0, (count[0] as number) * ATTEMPT_WORDS))
      position = next
    }
    return chunks
  }
}
