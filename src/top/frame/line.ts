import type { Paint } from '../../text/paint.js'
import { safeText } from '../../text/safe-text.js'
import { cutText, textWidth } from '../../text/text-width.js'

/** A part of a line with one style. */
export interface Piece {
  readonly text: string
  readonly style?: keyof Paint
}

/** Safe text: no control characters. */
export type Line = readonly Piece[]

export function plain(text: string, style?: keyof Paint): Line {
  return [style === undefined ? { text } : { text, style }]
}

/** The line in at most `width` cells. Styles are added after it is cut, so that escapes stay whole. */
export function paintLine(line: Line, width: number, paint: Paint): string {
  let left = width
  const shown: string[] = []
  for (const { text, style } of line) {
    if (left <= 0) break
    const cut = cutText(text, left)
    left -= textWidth(cut)
    shown.push(style === undefined ? cut : paint[style](cut))
  }
  return shown.join('')
}

/** A name in exactly `width` cells. */
export function nameCell(text: string, width: number): string {
  const cut = cutText(safeText(text), width)
  return cut + ' '.repeat(Math.max(0, width - textWidth(cut)))
}
