import { formatCount, formatPlural } from '../../text/format-number.js'
import { formatTime } from '../../text/format-time.js'
import { safeLine, safeText } from '../../text/safe-text.js'
import { WINDOW_SECONDS } from '../window/attempt-window.js'
import { TOP_DIMENSIONS } from '../window/dimensions.js'
import { MAX_ENTITIES } from '../window/entities.js'
import { plain, type Line } from './line.js'
import type { Grouped, TopRow } from '../window/group-window.js'
import { KEY_HELP } from './press-key.js'
import { rankWindow, withLatencies } from '../window/rank-window.js'
import { renderOpened } from './render-opened.js'
import { renderRows } from './render-rows.js'
import { readRow } from '../window/row-attempts.js'
import { totalLatencies } from '../window/row-latencies.js'
import { rowSeconds } from '../window/row-seconds.js'
import { TOP_COLUMNS, type FullRow } from '../window/top-columns.js'
import type { TopState } from './top-state.js'

/** What the frame shows besides the table. */
export interface FrameFacts {
  /** `live`, `replay at 60x` */
  readonly title: string
  readonly unixNs: bigint
  /** Losses and other gaps */
  readonly notices: readonly string[]
}

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** The lines of a frame, and what keys act on. */
export interface Frame {
  readonly lines: readonly Line[]
  /** Keys of all rows, in order */
  readonly keys: readonly string[]
  /** Rows of the table that fit */
  readonly pageRows: number
}

/** More notices are counted. */
const MAX_NOTICES = 3
/** With fewer rows a notice takes the place of the totals, not that of the table. */
const ROWS_FOR_NOTICES = 12

/** The screen as the state asks for: as many lines as the terminal has. */
export function renderFrame(grouped: Grouped, state: TopState, facts: FrameFacts, size: Size): Frame {
  const top = topLines(grouped, state, facts, size)
  const footer = footerLine(state)
  const ranked = rankWindow(grouped, state.filter, state.order)
  const keys = ranked.map(({ key }) => key)
  const bodyRows = Math.max(0, size.rows - top.length - 1)
  // The headings and the total.
  const pageRows = Math.max(1, bodyRows - 2)
  const body = renderBody(grouped, state, { ranked, size, bodyRows, pageRows })
  const shown = [...top, ...body].slice(0, Math.max(0, size.rows - 1))
  const filler = Array.from({ length: Math.max(0, size.rows - 1 - shown.length) }, () => plain(''))
  return { lines: [...shown, ...filler, footer], keys, pageRows }
}

/** The table with all its rows, without a terminal. */
export function renderOnce(grouped: Grouped, state: TopState, facts: FrameFacts, columns: number): Line[] {
  const ranked = rankWindow(grouped, state.filter, state.order)
  const rows = withLatencies(grouped, ranked)
  return [...headerLines(grouped, state, facts), ...tableLines(grouped, state, { rows, selected: null }, columns)]
}

/** Lines about lost and merged attempts, and about a shorter window. */
export function noticesOf({ view, seconds, rows }: Grouped, { notices }: FrameFacts): string[] {
  const others = rows.find(({ isOther }) => isOther)
  return [
    ...notices,
    ...(others === undefined
      ? []
      : [
          `${formatPlural(others.attempts, 'attempt')} in row other: more than ${formatCount(MAX_ENTITIES)} within a minute`,
        ]),
    ...(view.isCut ? [`only the last ${formatPlural(seconds, 'second')}: too many attempts for a whole minute`] : []),
  ]
}

/** Lines above the table; the help takes the whole screen. */
function topLines(grouped: Grouped, state: TopState, facts: FrameFacts, size: Size): Line[] {
  if (state.mode === 'help') return []
  const header = headerLines(grouped, state, facts)
  const notices = noticesOf(grouped, facts)
  if (size.rows >= ROWS_FOR_NOTICES || notices.length === 0) return [...header, ...noticeLines(notices, MAX_NOTICES)]
  const number = notices.length === 1 ? '' : `1 of ${notices.length}: `
  const notice = plain(number + safeLine(notices[0] as string) + describeFilter(state), 'loss')
  return [...header.slice(0, 1), notice]
}

function headerLines({ view: { totals }, seconds }: Grouped, state: TopState, facts: FrameFacts): Line[] {
  const column = TOP_COLUMNS[state.order.column]
  const dimension = dimensionOf(state)
  const sorted = `${column?.heading ?? dimension.heading} ${state.order.isDescending ? 'descending' : 'ascending'}`
  const span = seconds === WINDOW_SECONDS ? 'the last minute' : `the last ${Math.round(seconds)} s`
  return [
    plain(`tcpconn top, ${facts.title}, ${formatTime(facts.unixNs, 0)}: ${span} by ${dimension.name}, ${sorted}`),
    plain(
      `since the start: ${formatPlural(totals.attempts, 'attempt')}, ${formatCount(totals.failed)} failed${describeFilter(state)}`,
    ),
  ]
}

/** While it is typed, the last line shows it. */
function describeFilter({ filter, mode }: TopState): string {
  return filter === '' || mode === 'filter' ? '' : `; filter: ${safeText(filter)}`
}

function noticeLines(notices: readonly string[], limit: number): Line[] {
  const shown = notices.length > limit ? notices.slice(0, limit - 1) : notices
  const rest = notices.length - shown.length
  return [
    ...shown.map((notice) => plain(safeLine(notice), 'loss')),
    ...(rest > 0 ? [plain(`and ${formatPlural(rest, 'more line')}: see the end of tcpconn top`, 'loss')] : []),
  ]
}

interface Room {
  readonly ranked: readonly TopRow[]
  readonly size: Size
  readonly bodyRows: number
  readonly pageRows: number
}

function renderBody(grouped: Grouped, state: TopState, { ranked, size, bodyRows, pageRows }: Room): Line[] {
  if (state.mode === 'help') return helpLines()
  const selectedAt = Math.max(
    0,
    ranked.findIndex(({ key }) => key === state.selected),
  )
  if (state.mode === 'row') {
    const row = ranked[selectedAt]
    const shown = row !== undefined && row.key === state.selected ? [row] : []
    const table = tableLines(grouped, state, { rows: withLatencies(grouped, shown), selected: null }, size.columns)
    const [row0] = shown
    const contents = row0 === undefined ? { failures: [], latest: [] } : readRow(grouped, row0.index, bodyRows)
    return [...table, plain(''), ...renderOpened(contents)]
  }
  // The page with the selected row.
  const from = selectedAt - (selectedAt % pageRows)
  const rows = withLatencies(grouped, ranked.slice(from, from + pageRows))
  const selected = ranked[selectedAt]?.key ?? ''
  return tableLines(grouped, state, { rows, selected }, size.columns)
}

function tableLines(
  grouped: Grouped,
  state: TopState,
  { rows, selected }: { readonly rows: readonly FullRow[]; readonly selected: string | null },
  columns: number,
): Line[] {
  const total = { ...grouped.total, ...totalLatencies(grouped) }
  const seconds = new Map<number, ArrayLike<number>>(rowSeconds(grouped, rows)).set(total.index, totalSeconds(grouped))
  return renderRows({ dimension: dimensionOf(state), total, rows, seconds, selected }, columns)
}

function totalSeconds({ view: { bounds } }: Grouped): number[] {
  return bounds.slice(1).map((end, i) => end - (bounds[i] as number))
}

function helpLines(): Line[] {
  const width = Math.max(...KEY_HELP.map(([keys]) => keys.length))
  const columns = TOP_COLUMNS.map(({ heading, meaning }) => [heading, meaning] as const)
  const lines = [...KEY_HELP, ...columns]
  return lines.map(([keys, meaning]) => plain(`${keys.padEnd(width)}  ${meaning}`))
}

function footerLine(state: TopState): Line {
  if (state.mode === 'filter') return plain(`filter: ${safeText(state.filter)}_`)
  if (state.mode === 'help') return plain('any key: back', 'note')
  if (state.mode === 'row') return plain('Esc: back  q: quit', 'note')
  const pause = state.isPaused ? 'PAUSED, p: continue' : 'p: pause'
  return plain(`${pause}  ←→: sort  r: reverse  b: by  /: filter  Enter: open  h: help  q: quit`, 'note')
}

function dimensionOf(state: TopState) {
  return TOP_DIMENSIONS[state.by] ?? (TOP_DIMENSIONS[0] as (typeof TOP_DIMENSIONS)[number])
}
