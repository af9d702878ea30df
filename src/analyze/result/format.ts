import type { Paint } from '../../show/paint.js'
import type { Result } from './result.js'

/** What `--format` accepts. */
export const FORMAT_NAMES = ['table', 'json', 'jsonl', 'csv', 'markdown', 'arrow', 'parquet'] as const

export type FormatName = (typeof FORMAT_NAMES)[number]

/** Where a result is shown, and what is said around it. */
export interface View {
  /** Columns of the terminal, `Infinity` for a file or a pipe */
  readonly width: number
  readonly paint: Paint
  /** Goes into a file, which is read from anywhere, not only from its beginning as a pipe is. */
  readonly isFile?: boolean
  /** Lines on lost attempts, before everything else. */
  readonly loss: readonly string[]
  /** Lines on completeness, after everything else. */
  readonly cover: readonly string[]
}

/** A part of the output; text is UTF-8. */
export type Chunk = string | Uint8Array

/** How a result is printed: a file each, listed in formats.ts. */
export interface Format {
  /** A report says everything itself: few rows unless asked for more, loss, notes. Data is nothing but rows. */
  readonly kind: 'report' | 'text data' | 'binary data'
  /** Chunks are made one after the other, as they are taken. */
  render(result: Result, view: View): Iterable<Chunk> | Promise<Iterable<Chunk>>
}
