/** Colours of charts, from the style sheet: they differ between light, dark and paper. */
export interface Theme {
  readonly text: string
  readonly grid: string
  readonly attempts: string
  readonly failed: string
  readonly p50: string
  readonly p99: string
  /** From few to many */
  readonly ramp: readonly (readonly [red: number, green: number, blue: number])[]
}

const RAMP = ['--ramp-0', '--ramp-1', '--ramp-2', '--ramp-3', '--ramp-4']

export function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement)
  const read = (name: string) => style.getPropertyValue(name).trim()
  return {
    text: read('--text'),
    grid: read('--line'),
    attempts: read('--attempts'),
    failed: read('--failed'),
    p50: read('--p50'),
    p99: read('--p99'),
    ramp: RAMP.map((name) => parseColour(read(name))),
  }
}

/** @param text `#rrggbb` */
function parseColour(text: string): [number, number, number] {
  const value = Number.parseInt(text.slice(1), 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}

/** The colour of a share from 0 to 1 of the ramp. */
export function rampColour({ ramp }: Theme, share: number): string {
  const at = Math.min(1, Math.max(0, share)) * (ramp.length - 1)
  const [low, high] = [ramp[Math.floor(at)], ramp[Math.ceil(at)]] as [readonly number[], readonly number[]]
  const mixed = low.map((value, i) => Math.round(value + ((high[i] as number) - value) * (at % 1)))
  return `rgb(${mixed.join(' ')})`
}

/** Calls `redraw` when the page goes dark or light, and before and after it is printed. */
export function onThemeChange(redraw: () => void): void {
  for (const media of ['(prefers-color-scheme: dark)', 'print']) matchMedia(media).addEventListener('change', redraw)
}
