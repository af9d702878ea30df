import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { UsageError } from '../../errors.js'
import { choosePaint } from '../../show/paint.js'
import { openOutputFile, requireNewOutput } from '../output/open-output-file.js'
import { FORMAT_NAMES, type Chunk, type Format, type View } from './format.js'

/** Where a result goes: stdout, or a file that appears under its name when it is whole. */
export interface Destination {
  readonly width: number
  readonly paint: View['paint']
  /** For formats that are made otherwise where they can be read from anywhere. */
  readonly isFile: boolean
  /** Takes chunks as they can be written, and ends the output after the last. */
  write(chunks: Iterable<Chunk>): Promise<void>
}

/**
 * Looks at what was asked for before any work is done; a file is opened only when there is something to write, since a
 * query is one long call into SQLite, and a signal that has a listener waits for its end.
 * @param path a file, `-` or `undefined` for stdout
 * @throws UsageError for binary data to a terminal, and the errors of `requireNewOutput`
 */
export function chooseDestination(path: string | undefined, format: Format): Destination {
  if (path !== undefined && path !== '-') {
    requireNewOutput(path)
    const paint = choosePaint(false, process.env)
    return { width: Infinity, paint, isFile: true, write: (chunks) => writeToFile(path, chunks) }
  }
  const { isTTY, columns } = process.stdout
  if (isTTY && format.kind === 'binary data') throw binaryToTerminal()
  // Some terminals say that they are 0 columns wide.
  const width = columns || Infinity
  return { width, paint: choosePaint(isTTY, process.env), isFile: false, write: writeToStdout }
}

async function writeToFile(path: string, chunks: Iterable<Chunk>): Promise<void> {
  const file = openOutputFile(path)
  try {
    for (const chunk of chunks) {
      file.write(chunk)
      // Signals are seen here, and after the last chunk too.
      await setImmediate()
    }
    file.commit()
  } finally {
    file.abort()
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
