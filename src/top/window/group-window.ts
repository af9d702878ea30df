import type { WindowView } from './attempt-window.js'
import type { TopGroup, TopDimension } from './dimensions.js'
import { OTHER } from './entities.js'

/** A row of the table: a group of attempts, or all. */
export interface TopRow extends TopGroup {
  /** Position in `Grouped.rows`; -1 for the total */
  readonly index: number
  readonly isOther: boolean
  /** Length of the window */
  readonly seconds: number
  readonly attempts: number
  readonly failed: number
  readonly synRetransmits: number
  /** Attempts that wait for an answer now */
  readonly pending: number
}

/** The attempts of a window by the values of a dimension. */
export interface Grouped {
  readonly view: WindowView
  readonly seconds: number
  /** In no particular order */
  readonly rows: readonly TopRow[]
  readonly total: TopRow
  /** Row of each id of the dimension's entities; -1: none */
  readonly rowOfId: Int32Array
  /** Ids of each attempt of the window */
  readonly ids: Uint16Array
}

type Counts = { -readonly [Name in keyof TopRow]: TopRow[Name] }

const OTHER_GROUP: TopGroup = { key: '\0other', label: 'other' }

/** @param missingSeconds what the last second lacks to be complete */
export function groupWindow(view: WindowView, dimension: TopDimension, missingSeconds = 0): Grouped {
  const seconds = view.bounds.length - 1 - missingSeconds
  const { rows, rowOf, rowOfId } = createRows(view, dimension, seconds)
  const total = emptyRow({ key: '\0total', label: 'TOTAL' }, -1, seconds)
  const { attempts, failed, synRetransmits } = view.sums.counts[dimension.kind]
  for (let id = 0; id < rowOfId.length; id++) {
    if (attempts[id] === 0) continue
    for (const row of [rowOf(id), total]) {
      row.attempts += attempts[id] as number
      row.failed += failed[id] as number
      row.synRetransmits += synRetransmits[id] as number
    }
  }
  for (const attempt of view.pending) rowOf(attempt[dimension.kind]).pending++
  total.pending = view.pending.length
  return { view, seconds, rows, total, rowOfId, ids: view.columns[dimension.kind] }
}

function createRows({ entities }: WindowView, { kind, groupOf }: TopDimension, seconds: number) {
  const rows: Counts[] = []
  const rowOfKey = new Map<string, number>()
  const rowOfId = new Int32Array(entities[kind].length).fill(-1)
  const rowOf = (id: number): Counts => {
    const known = rowOfId[id] as number
    if (known !== -1) return rows[known] as Counts
    const value = entities[kind].valueOf(id)
    const group = value === null ? OTHER_GROUP : groupOf(value)
    const index = rowOfKey.get(group.key) ?? rows.push(emptyRow(group, rows.length, seconds, id === OTHER)) - 1
    rowOfKey.set(group.key, index)
    rowOfId[id] = index
    return rows[index] as Counts
  }
  return { rows, rowOf, rowOfId }
}

function emptyRow({ key, label }: TopGroup, index: number, seconds: number, isOther = false): Counts {
  return { key, label, index, isOther, seconds, attempts: 0, failed: 0, synRetransmits: 0, pending: 0 }
}
