import { connectEvent } from '../probe/wire.gen.js'
import type { RingReader } from '../probe/ring-reader.js'

type Events = Pick<RingReader, 'words' | 'bytes' | 'processes' | 'peek' | 'release'>

/** A ring that is read as before, and a copy of what was given back: the events that are in the trace. */
export interface RingTee {
  readonly ring: RingReader
  readonly copy: Events
}

/** @param capacity events that one `release` gives back at most; the copy is to be emptied before the next */
export function teeRing(source: RingReader, capacity: number): RingTee {
  const bytes = new Uint8Array(capacity * connectEvent.size_bytes)
  // What was looked at, but not yet given back, may be looked at once more.
  let staged = 0
  let copied = 0
  const copyEvent = (byteOffset: number) => {
    const at = (copied + staged) * connectEvent.size_bytes
    if (at >= bytes.length) throw new Error('the copy of the ring was not emptied')
    bytes.set(source.bytes.subarray(byteOffset, byteOffset + connectEvent.size_bytes), at)
    staged++
  }
  const ring: RingReader = {
    ...source,
    peek(take, limit, withinBytes) {
      staged = 0
      const copyAndTake = (byteOffset: number) => {
        copyEvent(byteOffset)
        take(byteOffset)
      }
      return source.peek(copyAndTake, limit, withinBytes)
    },
    release() {
      copied += staged
      staged = 0
      return source.release()
    },
  }
  let passed = 0
  const copy: Events = {
    bytes,
    words: new Uint32Array(bytes.buffer),
    processes: source.processes,
    peek(take, limit) {
      passed = Math.min(copied, limit)
      for (let i = 0; i < passed; i++) take(i * connectEvent.size_bytes)
      return passed
    },
    release() {
      bytes.copyWithin(0, passed * connectEvent.size_bytes, copied * connectEvent.size_bytes)
      const given = passed * connectEvent.size_bytes
      copied -= passed
      passed = 0
      return given
    },
  }
  return { ring, copy }
}
