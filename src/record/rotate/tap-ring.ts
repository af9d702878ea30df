import type { RingReader } from '../probe/ring-reader.js'
import { readBeginning, sentSyn, type Beginning } from './beginning.js'

/** A ring that is read as before, and a look at what is given back. */
export interface RingTap {
  readonly ring: RingReader
  /** Notes the attempts with a SYN that are recorded from now on, until the returned function hands them over. */
  note(): () => Beginning[]
}

export function tapRing(source: RingReader): RingTap {
  let noted: Beginning[] | null = null
  // What was looked at, but not yet given back, may be looked at once more.
  let staged: Beginning[] = []
  const ring: RingReader = {
    ...source,
    peek(take, limit, withinBytes) {
      staged = []
      if (noted === null) return source.peek(take, limit, withinBytes)
      return source.peek(
        (byteOffset) => {
          if (sentSyn(source.words, byteOffset)) staged.push(readBeginning(source, byteOffset))
          take(byteOffset)
        },
        limit,
        withinBytes,
      )
    },
    release() {
      if (noted !== null) for (const one of staged) noted.push(one)
      staged = []
      return source.release()
    },
  }
  return {
    ring,
    note() {
      const mine: Beginning[] = []
      noted = mine
      return () => {
        noted = null
        return mine
      }
    },
  }
}
