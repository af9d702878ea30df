import { readEventStart, sentSyn, type EventStart } from '../event/event-start.js'
import type { Observer } from '../session/pump.js'

/** Collects the starts of recorded attempts on request. */
export interface RecordedStarts {
  readonly observe: Observer
  /** Collects attempts with a SYN from now on, until the returned function returns them. */
  note(): () => EventStart[]
}

export function createRecordedStarts(): RecordedStarts {
  let noted: EventStart[] | null = null
  return {
    observe({ memory, forEachEvent }) {
      if (noted === null) return
      const starts = noted
      forEachEvent((byteOffset) => {
        if (sentSyn(memory.words, byteOffset)) starts.push(readEventStart(memory, byteOffset))
      })
    },
    note() {
      const starts: EventStart[] = []
      noted = starts
      return () => {
        noted = null
        return starts
      }
    },
  }
}
