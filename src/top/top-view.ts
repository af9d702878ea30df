import { choosePaint } from '../text/paint.js'
import { createAttemptWindow, type AttemptWindow, type WindowView } from './window/attempt-window.js'
import { TOP_DIMENSIONS, TOP_DIMENSION_NAMES } from './window/dimensions.js'
import { paintLine } from './frame/line.js'
import { groupWindow, type Grouped } from './window/group-window.js'
import { pressKey } from './frame/press-key.js'
import type { Key } from './terminal/key.js'
import { noticesOf, renderFrame, renderOnce, type Frame } from './frame/render-frame.js'
import { openScreen, type Screen } from './terminal/screen.js'
import type { TopAttempt, TopParties } from './window/top-attempt.js'
import type { TopOptions } from './top-options.js'
import { firstState } from './frame/top-state.js'

/** Where attempts come from: a probe or a trace. */
export interface TopSource {
  title(): string
  /** Losses and gaps, a line each. @param dimension name of the dimension that is shown */
  notices(dimension: string): readonly string[]
  /** Attempts that have waited for more than 200 ms */
  pending(nowNs: number): Iterable<TopParties>
  toUnixNs(nowNs: number): bigint
  /** The user wants to leave, or the terminal is closed. */
  quit(): void
  /** A replay stops its clock; a live source goes on, and the table is frozen. */
  readonly replay: { pause(isPaused: boolean): void; step(): void } | null
}

/** The table on a terminal, or printed once. */
export interface TopView {
  begin(): void
  /** Adds an attempt that ended by now. */
  add(attempt: TopAttempt): void
  /** Ends the seconds before `nowNs`: ns since the start, never decreases. */
  advance(nowNs: number): void
  /** Draws if a second has ended since the last frame. */
  draw(): void
  /** Restores the terminal. */
  leave(): void
  /** Leaves; with --once, prints the table. */
  end(nowNs: number): void
}

export function createTopView(options: TopOptions, source: TopSource): TopView {
  const window = createAttemptWindow()
  let screen: Screen | null = null
  const model = createModel(options, source, window)
  let drawnSecond = -1
  let nowNs = 0
  /** Whether a slow terminal has missed a frame. */
  let isMissed = false
  const draw = () => {
    isMissed = screen !== null && !screen.isReady
    if (screen?.isReady) screen.show(model.render({ columns: screen.columns, rows: screen.rows }))
  }
  const update = () => {
    window.setPending(source.pending(nowNs))
    model.update(nowNs)
  }
  const press = (key: Key) => {
    const action = model.press(key, nowNs)
    if (action === 'quit') return source.quit()
    if (action === 'suspend') return screen?.suspend()
    if (action === 'step' && source.replay !== null) {
      source.replay.step()
      update()
    }
    draw()
  }
  return {
    begin() {
      if (!options.once) screen = openScreen({ onKey: press, onChange: draw, onGone: source.quit })
      draw()
    },
    add: window.add,
    advance(toNs) {
      nowNs = toNs
      window.advance(toNs)
    },
    draw() {
      const second = Math.floor(nowNs / 1e9)
      // A slow terminal gets fewer frames: the next one as soon as it has taken the last.
      if ((second === drawnSecond && !isMissed) || !screen?.isReady) return
      if (second !== drawnSecond) update()
      drawnSecond = second
      draw()
    },
    leave() {
      screen?.leave()
      screen = null
    },
    end(toNs) {
      screen?.leave()
      screen = null
      if (!options.once) return
      // The last second is shown as well, although it is incomplete.
      nowNs = Math.ceil(toNs / 1e9) * 1e9
      window.advance(nowNs)
      update()
      model.printOnce((nowNs - toNs) / 1e9)
    },
  }
}

/** The state that keys change, and its drawing. */
function createModel(options: TopOptions, source: TopSource, window: AttemptWindow) {
  const paint = choosePaint(process.stdout.isTTY, process.env)
  let state = firstState(options.by, options.isPaused)
  let frozen: WindowView | null = null
  let grouped: { readonly by: number; readonly value: Grouped } | null = null
  let frame: Frame | null = null
  let atNs = 0
  const group = (missingSeconds = 0) => {
    const dimension = TOP_DIMENSIONS[state.by] as (typeof TOP_DIMENSIONS)[number]
    if (grouped?.by !== state.by) {
      grouped = { by: state.by, value: groupWindow(frozen ?? window.view(), dimension, missingSeconds) }
    }
    return grouped.value
  }
  const facts = () => {
    const notices = source.notices(TOP_DIMENSION_NAMES[state.by] ?? '')
    return { title: source.title(), unixNs: source.toUnixNs(atNs), notices }
  }
  const pause = (nowNs: number) => {
    if (source.replay !== null) return source.replay.pause(state.isPaused)
    frozen = state.isPaused ? window.freeze() : null
    if (!state.isPaused) window.thaw()
    atNs = nowNs
    grouped = null
  }
  return {
    /** A second has ended. */
    update(nowNs: number) {
      if (frozen !== null) return
      atNs = nowNs
      grouped = null
    },
    press(key: Key, nowNs: number) {
      const before = state
      const { state: next, action } = pressKey(state, key, frame ?? { keys: [], pageRows: 1 })
      state = action === 'step' && source.replay !== null ? { ...next, isPaused: true } : next
      if (state.isPaused !== before.isPaused) pause(nowNs)
      return action
    },
    render(size: { readonly columns: number; readonly rows: number }): string[] {
      frame = renderFrame(group(), state, facts(), size)
      return frame.lines.map((line) => paintLine(line, size.columns, paint))
    },
    printOnce(missingSeconds: number) {
      const columns = process.stdout.columns || Infinity
      const whole = group(missingSeconds)
      for (const notice of noticesOf(whole, facts())) process.stderr.write(`${notice}\n`)
      const lines = renderOnce(whole, state, facts(), columns)
      process.stdout.write(lines.map((line) => `${paintLine(line, columns, paint)}\n`).join(''))
    },
  }
}
