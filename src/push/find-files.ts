import { closeSync, openSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { requireTraceHeader } from '../store/check-trace.js'
import { messageOf, TcpconnError } from '../base/errors.js'

/**
 * The traces that paths name: files, and all traces in directories, in the order of their names.
 * @param isRequired whether a path must exist
 * @throws E_NO_SUCH_FILE
 */
export function findFiles(paths: readonly string[], isRequired: boolean): string[] {
  const files = paths.flatMap((path) => {
    try {
      return statSync(path).isDirectory() ? listTraces(path) : [path]
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

function listTraces(directory: string): string[] {
  const names = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = names.map(({ name }) => join(directory, name)).toSorted()
  return paths.filter(isTrace)
}

/** Other files of a directory are left out: logs of SQLite, keys, exports. */
function isTrace(path: string): boolean {
  try {
    const fd = openSync(path, 'r')
    try {
      requireTraceHeader(fd, path)
      return statSync(path).size > 0
    } finally {
      closeSync(fd)
    }
  } catch {
    return false
  }
}
