import type { Libbpf } from './libbpf.js'

/** A copy of the probe's pending attempts, as events one after the other. */
export interface PendingEvents {
  readonly words: Uint32Array
  readonly bytes: Uint8Array
  readonly count: number
}

/** Entries that are copied by one call: more than any bucket of the hash holds. */
const BATCH = 4096
const KEY_BYTES = 8
const ENOENT = -2

/**
 * A function that copies the hash behind `fd`. While the probe is attached, attempts that begin or end meanwhile may be in
 * the copy or not.
 */
export function createPendingReader(libbpf: Libbpf, fd: number, eventBytes: number): () => PendingEvents {
  const keys = new Uint8Array(BATCH * KEY_BYTES)
  const values = new Uint8Array(BATCH * eventBytes)
  const count = new Uint32Array(1)
  return () => {
    const chunks: Uint8Array[] = []
    let position: Uint8Array | null = null
    let result = 0
    while (result !== ENOENT) {
      const next = new Uint8Array(KEY_BYTES)
      count[0] = BATCH
      result = libbpf.lookupBatch(fd, position, next, keys, values, count, null)
      if (result !== 0 && result !== ENOENT) throw new Error(`cannot read the pending attempts: error ${-result}`)
      chunks.push(values.slice(0, count[0] * eventBytes))
      position = next
    }
    const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
    chunks.reduce((at, chunk) => (bytes.set(chunk, at), at + chunk.length), 0)
    return { bytes, words: new Uint32Array(bytes.buffer), count: bytes.length / eventBytes }
  }
}
