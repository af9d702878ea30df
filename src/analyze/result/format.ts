import type { Paint } from '../../text/paint.js'
import type { Result } from './result.js'

/** Values of `--format`. */
export const FORMAT_NAMES = ['table', 'json', 'jsonl', 'csv', 'markdown', 'arrow', 'parquet'] as const

export type FormatName = (typeof FORMAT_NAMES)[number]

/** Properties of the output, and the lines around a result. */
export interface View {
  /** Width of the terminal; `Infinity`: a file or a pipe */
  readonly width: number
  readonly paint: Paint
  /** Whether the output is a file, which can be read at any offset, unlike a pipe. */
  readonly isFile?: boolean
  /** Lines about lost attempts, printed first. */
  readonly loss: readonly string[]
  /** Lines about completeness, printed last. */
  readonly cover: readonly string[]
}

/** A part of the output; text is UTF-8. */
export type Chunk = string | Uint8Array

/** An output format. formats.ts lists all of them. */
export interface Format {
  /** Whether it is a report with a default limit of rows, losses and notes. Data formats have only rows. */
  readonly kind: 'report' | 'text data' | 'binary data'
  /** Creates chunks on demand. */
  render(result: Result, view: View): Iterable<Chunk> | Promise<Iterable<Chunk>>
}

const CHUNK_CHARACTERS = 65_536

/** Joins lines to chunks of a size that is efficient to write. */
export function* chunkLines(lines: Iterable<string>): Generator<string> {
  let chunk = ''
  for (const line of lines) {
    chunk += `${line}\n`
    if (chunk.length < CHUNK_CHARACTERS) continue
    yield chunk
    chunk = ''
  }
  if (chunk !== '') yield chunk
}
