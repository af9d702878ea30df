import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { createFileHolds } from '../../src/push/hold-files.js'
import { openOutput } from '../../src/record/output/open-output.js'
import { createFileNames } from '../../src/record/retention/file-names.js'
import { applyRetention } from '../../src/record/retention/retention.js'
import { insertSession } from '../../src/record/session/session-row.js'
import { PLAIN_SESSION, STARTED_UNIX_NS } from '../record/new-trace.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'

/** A closed file of a rotation, and `--keep` that keeps nothing. */
function createScene() {
  const names = createFileNames(join(makeTemporaryDirectory(), 'a.db'))
  const output = openOutput(names.pathAt(STARTED_UNIX_NS, 0), 'new')
  const start = { ...PLAIN_SESSION, host: hostname(), rotationBase: 'a.db', startedUnixNs: STARTED_UNIX_NS }
  insertSession(output.db, start)
  output.close()
  const reports: string[] = []
  const keepNothing = () => applyRetention({ names, keep: { bytes: 0 }, report: (text) => reports.push(text) })
  return { file: output.path, keepNothing, reports, name: basename(output.path) }
}

test('--keep does not remove a file that was not pushed, and says nothing of it', () => {
  const { file, keepNothing, reports } = createScene()
  const holds = createFileHolds(() => 0.5)
  holds.refresh([file], null)
  keepNothing()
  expect(existsSync(file)).toBe(true)
  holds.release(file)
  keepNothing()
  expect(existsSync(file)).toBe(false)
  expect(reports).toEqual([])
})

test('when the disk is nearly full, --keep removes it', () => {
  const { file, keepNothing } = createScene()
  let free = 0.5
  const holds = createFileHolds(() => free)
  holds.refresh([file], null)
  free = 0.05
  holds.refresh([file], null)
  keepNothing()
  expect(existsSync(file)).toBe(false)
})

test('a file that is being read is neither held nor released', () => {
  const { file, keepNothing } = createScene()
  const holds = createFileHolds(() => 0.5)
  holds.refresh([file], file)
  keepNothing()
  expect(existsSync(file)).toBe(false)
})

test('a trace without rotation can be recorded into again', () => {
  const path = join(makeTemporaryDirectory(), 'trace.db')
  const output = openOutput(path, 'new')
  insertSession(output.db, PLAIN_SESSION)
  output.close()
  createFileHolds(() => 0.5).refresh([path], null)
  expect(() => openOutput(path, 'present').close()).not.toThrow()
})
