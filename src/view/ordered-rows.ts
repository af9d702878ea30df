import type { ConnectRow } from './connect-row.js'

/** Holds rows back for a while, and hands them on in the order of their start. */
export interface OrderedRows {
  add(row: ConnectRow): void
  /** Rows that began up to `untilNs`, oldest first. */
  take(untilNs: number): ConnectRow[]
}

export function createOrderedRows(): OrderedRows {
  let held: ConnectRow[] = []
  return {
    add: (row) => void held.push(row),
    take(untilNs) {
      const due = held.filter((row) => row.startedNs <= untilNs)
      if (due.length > 0) held = held.filter((row) => row.startedNs > untilNs)
      return due.toSorted((a, b) => a.startedNs - b.startedNs)
    },
  }
}
