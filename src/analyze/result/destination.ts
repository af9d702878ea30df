import { once } from 'node:events'
import { UsageError } from '../../errors.js'
import { choosePaint } from '../../show/paint.js'
import { openOutputFile } from '../output/open-output-file.js'
import { FORMAT_NAMES, type Chunk, type Format, type View } from './format.js'

/** Where a result goes: stdout, or a file that appears under its name when it is whole. */
export interface Destination {
  readonly width: number
  readonly paint: View['paint']
  /** Takes chunks as they can be written, and ends the output after the last. */
  write(chunks: Iterable<Chunk>): Promise<void>
  /** Nothing will come: leaves no file behind. After `write` it does nothing. */
  abort(): void
}

/**
 * @param path a file, `-` or `undefined` for stdout
 * @throws UsageError for binary data to a terminal, and the errors of `openOutputFile`
 */
export function openDestination(path: string | undefined, format: Format): Destination {
  if (path !== undefined && path !== '-') return openFile(path)
  const { isTTY, columns } = process.stdout
  if (isTTY && format.kind === 'binary data') throw binaryToTerminal()
  return {
    // Some terminals say that they are 0 columns wide.
    width: columns || Infinity,
    paint: choosePaint(isTTY, process.env),
    write: writeToStdout,
    abort() {},
  }
}

function openFile(path: string): Destination {
  const file = openOutputFile(path)
  return {
    width: Infinity,
    paint: choosePaint(false, process.env),
    // oxlint-disable-next-line require-await -- stdout has to wait
    async write(chunks) {
      for (const chunk of chunks) file.write(chunk)
      file.commit()
    },
    abort: file.abort,
  }
}

/**
 * Waits wherever stdout does: memory stays small, and the tool learns of a reader that has gone, for which cli.ts ends it.
 */
async function writeToStdout(chunks: Iterable<Chunk>): Promise<void> {
  for (const chunk of chunks) if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
}

function binaryToTerminal(): UsageError {
  return new UsageError(
    '--format',
    'arrow or parquet on a terminal',
    `${FORMAT_NAMES.join(', ')}; arrow and parquet are binary and need -o FILE, or a pipe`,
  )
}
