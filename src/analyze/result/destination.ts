import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { UsageError } from '../../base/errors.js'
import { choosePaint } from '../../text/paint.js'
import { openOutputFile, requireNewOutput } from '../output/open-output-file.js'
import { FORMAT_NAMES, type Chunk, type Format, type View } from './format.js'

/** The destination of a result: stdout, or a file that gets its name when it is complete. */
export interface Destination {
  readonly width: number
  readonly paint: View['paint']
  /** Whether it is a file: some formats differ for files, which can be read at any offset. */
  readonly isFile: boolean
  /** Writes the chunks and ends the output. */
  write(chunks: Iterable<Chunk>): Promise<void>
}

/**
 * Checks the options before any work. Opens a file only when there is something to write: a query is one long call into SQLite,
 * and a signal with a listener waits for its end.
 * @param path a file; `-` or `undefined`: stdout
 * @throws UsageError for binary data to a terminal; errors of `requireNewOutput`
 */
export function chooseDestination(path: string | undefined, format: Format): Destination {
  if (path !== undefined && path !== '-') {
    requireNewOutput(path)
    const paint = choosePaint(false, process.env)
    return { width: Infinity, paint, isFile: true, write: (chunks) => writeToFile(path, chunks) }
  }
  const { isTTY, columns } = process.stdout
  if (isTTY && format.kind === 'binary data') throw binaryToTerminal()
  // Some terminals report a width of 0.
  const width = columns || Infinity
  return { width, paint: choosePaint(isTTY, process.env), isFile: false, write: writeToStdout }
}

async function writeToFile(path: string, chunks: Iterable<Chunk>): Promise<void> {
  const file = openOutputFile(path)
  try {
    for (const chunk of chunks) {
      file.write(chunk)
      // Signals are handled here, also after the last chunk.
      await setImmediate()
    }
    file.commit()
  } finally {
    file.abort()
  }
}

/**
 * Waits for stdout, which limits the memory. If the reader has exited, cli.ts ends the tool.
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
