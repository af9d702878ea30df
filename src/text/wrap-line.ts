import { textWidth } from './text-width.js'

/** Indentation of continuation lines. */
const INDENT = '  '

/**
 * Breaks a finished line between words, so that no line is wider than `width` cells. Words that are wider, such as
 * paths, are broken too.
 */
export function wrapLine(line: string, width: number): string[] {
  if (textWidth(line) <= width) return [line]
  const indent = width > 4 * INDENT.length ? INDENT : ''
  const lines: string[] = []
  let current = ''
  const begin = (word: string) => {
    if (current !== '') lines.push(current)
    current = lines.length === 0 ? word : indent + word
  }
  for (const word of line.split(' ').flatMap((one) => splitWord(one, Math.max(2, width - indent.length)))) {
    if (current !== '' && textWidth(current) + 1 + textWidth(word) <= width) current += ` ${word}`
    else begin(word)
  }
  return [...lines, current]
}

/** Pieces of at most `width` cells. No character is wider than that. */
function splitWord(word: string, width: number): string[] {
  if (textWidth(word) <= width) return [word]
  const pieces: string[] = []
  let piece = ''
  for (const character of word) {
    if (textWidth(piece + character) > width) {
      pieces.push(piece)
      piece = ''
    }
    piece += character
  }
  return [...pieces, piece]
}
