import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { UsageError } from '../../../base/errors.js'
import { safeLine } from '../../../text/safe-text.js'
import { openKey, type FileKey } from './key-file.js'
import { KEY_BYTES } from './share-key.js'

/** The key of `--key`, as `openKey`; without it a random one that is never written. */
export function openChosenKey(path: string | undefined): FileKey {
  if (path !== undefined) return openKey(path)
  return { secret: randomBytes(KEY_BYTES), isNew: false, commit() {}, abort() {} }
}

/** @param output the file that is made with the key @throws UsageError */
export function requireKeyName(path: string | undefined, output: string): void {
  if (path === undefined || (path !== '' && resolve(path) !== resolve(output))) return
  throw new UsageError('--key', path, 'the name of a file of its own, like tcpconn.key')
}

/** Prints where the key is; nothing without `--key`. */
export function printKey(path: string | undefined, { isNew }: FileKey): void {
  if (path === undefined) return
  const line = isNew ? `created the key ${resolve(path)}: keep it, and do not give it away` : `key ${resolve(path)}`
  process.stderr.write(`${safeLine(line)}\n`)
}
