import type { Order } from '../window/rank-window.js'

/** What the user has chosen with keys. */
export interface TopState {
  /** Position in `TOP_DIMENSIONS` */
  readonly by: number
  readonly order: Order
  readonly filter: string
  readonly mode: 'table' | 'filter' | 'row' | 'help'
  /** Key of the selected row; `null`: the first */
  readonly selected: string | null
  readonly isPaused: boolean
}

export function firstState(by: number, isPaused: boolean): TopState {
  return { by, order: { column: 0, isDescending: true }, filter: '', mode: 'table', selected: null, isPaused }
}
