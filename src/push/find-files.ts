import { closeSync, openSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { requireTraceHeader } from '../store/check-trace.js'
import { messageOf, TcpconnError } from '../base/errors.js'

/**
 * The traces that paths name: files, and all traces in directories, in the order of their names.
 * @param isRequired whether a path must exist
 * @param known gets the identities of traces in directories. A known trace is not opened: closing a descriptor of a file that this
 * process reads would release the locks of SQLite on it
 * @throws E_NO_SUCH_FILE
 */
export function findFiles(paths: readonly string[], isRequired: boolean, known = new Set<string>()): string[] {
  const files = paths.flatMap((path) => {
    try {
      return statSync(path).isDirectory() ? listTraces(path, known) : [path]
    } catch (error) {
      if (!isRequired) return []
      throw new TcpconnError('E_NO_SUCH_FILE', {
        what: `cannot open ${path}`,
        reason: messageOf(error),
        hint: 'name a trace, or a directory with traces',
      })
    }
  })
  return [...new Set(files)]
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
