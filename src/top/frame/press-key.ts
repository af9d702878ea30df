import { TOP_DIMENSION_NAMES, TOP_DIMENSIONS } from '../window/dimensions.js'
import { TOP_COLUMNS } from '../window/top-columns.js'
import type { Key } from '../terminal/key.js'
import type { TopState } from './top-state.js'

/** What a key acts on: the rows as shown. */
export interface ShownKeys {
  /** Keys of the rows in their order */
  readonly keys: readonly string[]
  /** Rows that fit the screen */
  readonly pageRows: number
}

/** `step`: one second of a replay. */
export interface KeyResult {
  readonly state: TopState
  readonly action: 'quit' | 'step' | 'suspend' | null
}

/** Last digits of the lines of the help that list dimensions. */
const [FIRST_LINE, SECOND_LINE] = [5, 9]

/** The keys of the table, as the help lists them: a terminal of 80 columns has room for each line. */
export const KEY_HELP: readonly (readonly [keys: string, meaning: string])[] = [
  ['↑ ↓ PgUp PgDn Home End', 'select a row; also k and j'],
  ['Enter', 'open the row: failures, latest attempts; Esc closes it'],
  ['← →, < >', 'sort by the column to the left or right'],
  ['r', 'reverse the order'],
  ['b, B', 'next or previous dimension'],
  [`1 to ${FIRST_LINE}`, numberDimensions(1, FIRST_LINE)],
  [`${FIRST_LINE + 1} to ${SECOND_LINE}`, numberDimensions(FIRST_LINE + 1, SECOND_LINE)],
  ['/', 'only names with the typed text; Enter keeps, Esc clears'],
  ['p, Space', 'pause and continue'],
  ['n', 'replay: pause, go on to the next second with attempts'],
  ['h, ?', 'this help'],
  ['q, Ctrl-C', 'quit'],
]

/** `1 endpoint  2 user` */
function numberDimensions(from: number, to: number): string {
  const names = TOP_DIMENSION_NAMES.slice(from - 1, to)
  return names.map((name, i) => `${from + i} ${name}`).join('  ')
}

export function pressKey(state: TopState, key: Key, shown: ShownKeys): KeyResult {
  const go = (change: Partial<TopState>, action: KeyResult['action'] = null) => ({
    state: { ...state, ...change },
    action,
  })
  if (key.isCtrl && key.name === 'c') return go({}, 'quit')
  if (key.isCtrl && key.name === 'z') return go({}, 'suspend')
  if (state.mode === 'filter') return { state: typeFilter(state, key), action: null }
  if (key.text === 'q') return go({}, 'quit')
  if (key.text === 'p' || key.text === ' ') return go({ isPaused: !state.isPaused })
  if (key.text === 'n') return go({}, 'step')
  if (state.mode === 'help') return go({ mode: 'table' })
  if (key.text === 'h' || key.text === '?') return go({ mode: 'help' })
  if (state.mode === 'row') {
    return ['escape', 'backspace', 'left', 'return'].includes(key.name) ? go({ mode: 'table' }) : go({})
  }
  return { state: { ...state, ...pressInTable(state, key, shown) }, action: null }
}

function pressInTable(state: TopState, key: Key, shown: ShownKeys): Partial<TopState> {
  const press = TABLE_KEYS[key.text] ?? TABLE_KEYS[key.name]
  if (press !== undefined) return press(state, shown)
  const number = Number(key.text)
  if (number >= 1 && number <= TOP_DIMENSIONS.length) return changeDimension(number - 1)
  return moveSelection(state, key, shown)
}

/** By what a key types, or by its name. */
const TABLE_KEYS: Readonly<Record<string, (state: TopState, shown: ShownKeys) => Partial<TopState>>> = {
  left: (state) => changeColumn(state, -1),
  '<': (state) => changeColumn(state, -1),
  right: (state) => changeColumn(state, 1),
  '>': (state) => changeColumn(state, 1),
  return: openRow,
  enter: openRow,
  escape: () => ({ filter: '' }),
  r: ({ order }) => ({ order: { ...order, isDescending: !order.isDescending } }),
  b: ({ by }) => changeDimension((by + 1) % TOP_DIMENSIONS.length),
  B: ({ by }) => changeDimension((by + TOP_DIMENSIONS.length - 1) % TOP_DIMENSIONS.length),
  '/': () => ({ mode: 'filter' }),
}

function changeDimension(by: number): Partial<TopState> {
  return { by, selected: null, filter: '' }
}

/** Names are ascending at first, numbers descending. */
function changeColumn({ order }: TopState, by: number): Partial<TopState> {
  const count = TOP_COLUMNS.length + 1
  const column = ((order.column + 1 + by + count) % count) - 1
  return { order: { column, isDescending: column >= 0 } }
}

function openRow(state: TopState, { keys }: ShownKeys): Partial<TopState> {
  if (keys.length === 0) return {}
  const isShown = state.selected !== null && keys.includes(state.selected)
  return { mode: 'row', selected: isShown ? state.selected : (keys[0] ?? null) }
}

function moveSelection({ selected }: TopState, { name, text }: Key, { keys, pageRows }: ShownKeys): Partial<TopState> {
  const from = Math.max(0, selected === null ? 0 : keys.indexOf(selected))
  const last = keys.length - 1
  const moves: Record<string, number> = {
    up: from - 1,
    k: from - 1,
    down: from + 1,
    j: from + 1,
    pageup: from - pageRows,
    pagedown: from + pageRows,
    home: 0,
    end: last,
  }
  const to = moves[name] ?? moves[text]
  if (to === undefined || last < 0) return {}
  const at = Math.max(0, Math.min(last, to))
  // The first row is whichever is first.
  return { selected: at === 0 ? null : (keys[at] ?? null) }
}

function typeFilter(state: TopState, { name, text, isCtrl }: Key): TopState {
  if (name === 'escape') return { ...state, mode: 'table', filter: '' }
  if (name === 'return' || name === 'enter') return { ...state, mode: 'table' }
  if (name === 'backspace') return { ...state, filter: [...state.filter].slice(0, -1).join('') }
  return isCtrl ? state : { ...state, filter: state.filter + text }
}
