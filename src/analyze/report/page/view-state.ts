/** A stretch of time in Unix seconds. */
export type Stretch = readonly [from: number, to: number]

/** What the reader has chosen. Views draw themselves anew when it changes. */
export interface ViewState {
  /** Name of an endpoint; `null` for all */
  readonly endpoint: string | null
  /** By side: the time that is shown */
  readonly stretches: readonly Stretch[]
  chooseEndpoint(name: string | null): void
  /** @param stretch limited to the time of the side; `null` for all of it */
  zoom(side: number, stretch: Stretch | null): void
  onChange(redraw: () => void): void
}

/** Shorter stretches have nothing to show. */
const SHORTEST_SECONDS = 2

/** @param wholes the time of each side */
export function createViewState(wholes: readonly Stretch[]): ViewState {
  const listeners: (() => void)[] = []
  const stretches = [...wholes]
  let endpoint: string | null = null
  const changed = () => listeners.forEach((redraw) => redraw())
  return {
    get endpoint() {
      return endpoint
    },
    stretches,
    chooseEndpoint(name) {
      endpoint = name
      changed()
    },
    zoom(side, stretch) {
      const whole = wholes[side] as Stretch
      const next = stretch === null ? whole : limit(stretch, whole)
      const [from, to] = stretches[side] as Stretch
      if (next[0] === from && next[1] === to) return
      stretches[side] = next
      changed()
    },
    onChange: (redraw) => listeners.push(redraw),
  }
}

function limit([from, to]: Stretch, [first, last]: Stretch): Stretch {
  const length = Math.min(last - first, Math.max(SHORTEST_SECONDS, to - from))
  const start = Math.min(Math.max(first, from), last - length)
  return [start, start + length]
}
