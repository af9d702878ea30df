import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TcpconnError } from '../../../src/base/errors.js'
import { openOutput } from '../../../src/record/output/open-output.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { addSession } from '../new-trace.js'

/** A path in a new directory. No file has it yet. */
export function newPath(): string {
  return join(makeTemporaryDirectory(), 'trace.db')
}

/** The error that opening this path throws. */
export function refusal(path: string): TcpconnError {
  try {
    openOutput(path).close()
  } catch (error) {
    return error as TcpconnError
  }
  throw new Error(`${path} was opened`)
}

/** Makes a closed trace with one session. */
export function makeClosedTrace(path = newPath()): string {
  const output = openOutput(path)
  addSession(output.db)
  output.close()
  return path
}

/** Copies a trace as a killed recorder leaves it: its session is in the write-ahead log. */
export function copyOfKilled(path = newPath()): string {
  const output = openOutput(newPath())
  addSession(output.db)
  for (const suffix of ['', '-wal']) copyFileSync(output.path + suffix, path + suffix)
  output.close()
  return path
}
