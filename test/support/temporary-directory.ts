import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A directory of the running test, removed at its end. Everyone may enter it: recorders also run as other users. */
export function makeTemporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'tcpconn-test-'))
  chmodSync(path, 0o755)
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}
