import type { Limit } from '../options/parse-rotation.js'

/** Delay after a file could not be created. */
const RETRY_NS = 5e9

/** When a recording starts the next file. Times are ns since the recording began. */
export interface Schedule {
  /** @param bytes size of the file after closing; called only for a size limit */
  isDue(nowNs: number, bytes: () => number): boolean
  /** A new file has begun. */
  begin(nowNs: number): void
  /** Creation failed: tries again later. */
  putOff(nowNs: number): void
}

export function createSchedule(every: Limit): Schedule {
  const periodNs = 'ns' in every ? every.ns : Infinity
  let dueNs = periodNs
  let notBeforeNs = 0
  return {
    isDue(nowNs, bytes) {
      if (nowNs < notBeforeNs) return false
      return 'ns' in every ? nowNs >= dueNs : bytes() >= every.bytes
    },
    begin(nowNs) {
      // Steps stay aligned to the start of the recording, even after a late one.
      while (dueNs <= nowNs) dueNs += periodNs
    },
    putOff(nowNs) {
      notBeforeNs = nowNs + RETRY_NS
    },
  }
}
