import type { Limit } from '../options/parse-rotation.js'

/** After a file that could not be made. */
const RETRY_NS = 5e9

/** When a recording goes on in the next file. Times are ns since the recording began. */
export interface Schedule {
  /** @param bytes as large as the file is once it is closed; asked for only where size counts */
  isDue(nowNs: number, bytes: () => number): boolean
  /** A new file was begun. */
  begin(nowNs: number): void
  /** It could not be made, and is to be tried again a little later. */
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
      // By the hour from the beginning on, however late a step came.
      while (dueNs <= nowNs) dueNs += periodNs
    },
    putOff(nowNs) {
      notBeforeNs = nowNs + RETRY_NS
    },
  }
}
