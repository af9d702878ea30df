import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** SHA-256 of the bytes of a file. */
export function digestFile(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
