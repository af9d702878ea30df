import { element } from './element.js'
import type { Stretch, ViewState } from './view-state.js'

/** Share of the shown time that a key moves, and that a zoom leaves out on either side. */
const STEP = 0.25

/** @param number of the side */
export function zoomButtons(number: number, state: ViewState): HTMLElement {
  const button = (label: string, change: (stretch: Stretch) => Stretch | null) =>
    element(
      'button',
      { type: 'button', onclick: () => state.zoom(number, change(state.stretches[number] as Stretch)) },
      label,
    )
  return element(
    'div',
    { class: 'tools zoom' },
    button('Zoom in', (stretch) => resize(stretch, STEP)),
    button('Zoom out', (stretch) => resize(stretch, -2 * STEP)),
    button('Earlier', (stretch) => move(stretch, -STEP)),
    button('Later', (stretch) => move(stretch, STEP)),
    button('Whole time', () => null),
  )
}

/** Plus and minus zoom, arrows move, 0 shows all. */
export function zoomByKey(event: KeyboardEvent, number: number, state: ViewState): void {
  const stretch = state.stretches[number] as Stretch
  const keys: Record<string, () => Stretch | null> = {
    '+': () => resize(stretch, STEP),
    '=': () => resize(stretch, STEP),
    '-': () => resize(stretch, -2 * STEP),
    ArrowLeft: () => move(stretch, -STEP),
    ArrowRight: () => move(stretch, STEP),
    '0': () => null,
  }
  const change = keys[event.key]
  if (change === undefined || event.ctrlKey || event.metaKey || event.altKey) return
  event.preventDefault()
  state.zoom(number, change())
}

function resize([from, to]: Stretch, share: number): Stretch {
  return [from + (to - from) * share, to - (to - from) * share]
}

function move([from, to]: Stretch, share: number): Stretch {
  return [from + (to - from) * share, to + (to - from) * share]
}
