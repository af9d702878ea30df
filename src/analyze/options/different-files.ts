import { statSync } from 'node:fs'
import { UsageError } from '../../base/errors.js'

/**
 * Refuses a file that is given twice, also by two names: its attempts would count twice.
 * @throws UsageError
 */
export function requireDifferentFiles(paths: readonly string[]): void {
  const seen = new Map<string, string>()
  for (const path of paths) {
    const identity = identityOf(path)
    if (identity === null) continue
    const same = seen.get(identity)
    if (same !== undefined) throw new UsageError('FILE', path, `each file once; it is the same as ${same}`)
    seen.set(identity, path)
  }
}

/** `null` if stat fails: opening the file reports the reason. */
function identityOf(path: string): string | null {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
    return stat === undefined ? null : `${stat.dev}:${stat.ino}`
  } catch {
    return null
  }
}
