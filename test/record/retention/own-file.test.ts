import { closeSync, existsSync, openSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { flock } from '../../../src/record/native/libc.js'
import { createFileNames } from '../../../src/record/retention/file-names.js'
import { findOwnFile, removeOwnFile } from '../../../src/record/retention/own-file.js'
import { openOutput } from '../../../src/record/output/open-output.js'
import { insertSession } from '../../../src/record/session/session-row.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { PLAIN_SESSION } from '../new-trace.js'

const LOCK_SH = 1
const STARTED_UNIX_NS = BigInt(Date.UTC(2026, 10, 25, 22, 15)) * 1_000_000n

/** A file of a rotating recording, still open. */
function createScene() {
  const names = createFileNames(join(makeTemporaryDirectory(), 'a.db'))
  const output = openOutput(names.pathAt(STARTED_UNIX_NS, 0), 'new')
  const start = { ...PLAIN_SESSION, host: hostname(), rotationBase: 'a.db', startedUnixNs: STARTED_UNIX_NS }
  insertSession(output.db, start)
  return { names, output, path: output.path, name: basename(output.path) }
}

test('a closed file has its own size, and ended at its last write', () => {
  const { names, output, path, name } = createScene()
  output.close()
  const { size, mtimeMs } = statSync(path)
  expect(findOwnFile(names, name)).toEqual({ bytes: size, endedMs: mtimeMs, isUnclosed: false, isStillborn: false })
})

test('an unclosed file includes its log, and ended at the last write of the log', () => {
  const { names, output, path, name } = createScene()
  const copies = ['', '-wal'].map((suffix) => [path + suffix, readFileSync(path + suffix)] as const)
  output.close()
  for (const [copy, bytes] of copies) writeFileSync(copy, bytes)
  utimesSync(path, 1000, 1000)
  utimesSync(`${path}-wal`, 2000, 2000)
  const bytes = copies.reduce((sum, [, one]) => sum + one.length, 0)
  expect(findOwnFile(names, name)).toEqual({ bytes, endedMs: 2_000_000, isUnclosed: true, isStillborn: false })
})

test('a file that is being recorded into cannot be inspected or removed', () => {
  const { names, output, path, name } = createScene()
  const locked = expect.objectContaining({ code: 'EWOULDBLOCK' })
  expect(() => findOwnFile(names, name)).toThrow(locked)
  expect(() => removeOwnFile(names, name)).toThrow(locked)
  expect(existsSync(path)).toBe(true)
  output.close()
})

test('a file is not removed while another process checks its lock', () => {
  const { names, output, path, name } = createScene()
  output.close()
  const fd = openSync(path, 'r')
  expect(flock(fd, LOCK_SH)).toBe(0)
  expect(findOwnFile(names, name)).not.toBeNull()
  expect(() => removeOwnFile(names, name)).toThrow(expect.objectContaining({ code: 'EWOULDBLOCK' }))
  expect(existsSync(path)).toBe(true)
  closeSync(fd)
  removeOwnFile(names, name)
  expect(existsSync(path)).toBe(false)
})
