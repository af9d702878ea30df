import { closeSync, openSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { requireTraceHeader } from '../store/check-trace.js'
import { messageOf, TcpconnError } from '../base/errors.js'

export interface FindOptions {
  /**
   * Gets the identities of traces in directories. A known trace is not opened: closing a descriptor of a file that this process reads would
   * release the locks of SQLite on it
   */
  readonly known?: Set<string>
  /** Receives what is wrong with each path; `null`: nothing. By default, what is wrong is thrown. */
  readonly note?: (path: string, fault: TcpconnError | null) => void
}

/**
 * The traces that paths name: files, and all traces in directories, in the order of their names.
 * @throws E_NO_SUCH_FILE
 */
export function findFiles(
  paths: readonly string[],
  { known = new Set(), note = throwFault }: FindOptions = {},
): string[] {
  const files = paths.flatMap((path) => {
    try {
      const found = statSync(path).isDirectory() ? listTraces(path, known) : [path]
      note(path, null)
      return found
    } catch (error) {
      note(path, faultOf(path, error))
      return []
    }
  })
  return [...new Set(files)]
}

function throwFault(_: string, fault: TcpconnError | null): void {
  if (fault !== null) throw fault
}

function faultOf(path: string, error: unknown): TcpconnError {
  return new TcpconnError('E_NO_SUCH_FILE', {
    what: `cannot open ${path}`,
    reason: messageOf(error),
    hint: 'name a trace, or a directory with traces',
    cause: error,
  })
}

function listTraces(directory: string, known: Set<string>): string[] {
  const names = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = names.map(({ name }) => join(directory, name)).toSorted()
  return paths.filter((path) => isTrace(path, known))
}

/** A file without the header of a trace, or removed just now */
const NO_TRACE: readonly unknown[] = ['E_NOT_SQLITE', 'E_NOT_A_TRACE', 'ENOENT']

/** Other files of a directory are left out: logs of SQLite, keys, exports. Of a file that cannot be read, the push reports the error. */
function isTrace(path: string, known: Set<string>): boolean {
  try {
    const { size, dev, ino, birthtimeNs } = statSync(path, { bigint: true })
    if (size === 0n) return false
    const identity = `${dev} ${ino} ${birthtimeNs}`
    if (known.has(identity)) return true
    const fd = openSync(path, 'r')
    try {
      requireTraceHeader(fd, path)
    } finally {
      closeSync(fd)
    }
    known.add(identity)
    return true
  } catch (error) {
    return !NO_TRACE.includes((error as { code?: unknown }).code)
  }
}
