import type { Libbpf } from './libbpf.js'

/** A copy of the probe's pending attempts, as events one after the other. */
export interface PendingEvents {
  readonly words: Uint32Array
  readonly bytes: Uint8Array
  readonly count: number
}

/** Copies the hash behind `fd`. It must not change meanwhile: the probe is detached. */
export function readPending(libbpf: Libbpf, fd: number, eventBytes: number): PendingEvents {
  const values: Uint8Array[] = []
  let key: Uint8Array | null = null
  for (;;) {
    const next: Uint8Array = new Uint8Array(8)
    if (libbpf.nextKey(fd, key, next) !== 0) break
    const value = new Uint8Array(eventBytes)
    if (libbpf.lookupElement(fd, next, value) === 0) values.push(value)
    key = next
  }
  const bytes = new Uint8Array(values.length * eventBytes)
  values.forEach((value, i) => bytes.set(value, i * eventBytes))
  return { bytes, words: new Uint32Array(bytes.buffer), count: values.length }
}
