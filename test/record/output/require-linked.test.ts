import { copyFileSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { openOutput } from '../../../src/record/output/open-output.js'
import { addSession } from '../new-trace.js'
import { newPath, refusal } from '../session/output-files.js'

/** A trace that is being recorded, with one session in its write-ahead log. */
function record() {
  const path = newPath()
  const output = openOutput(path)
  onTestFinished(() => void (output.db.open && output.close()))
  addSession(output.db)
  return { path, old: join(dirname(path), 'old.db'), output }
}

function countSessions(path: string): unknown {
  const db = new Database(path, { readonly: true })
  onTestFinished(() => void db.close())
  return db.prepare('SELECT count(*) FROM session').pluck().get()
}

test('accepts a file that keeps its name, even if it is read or has a second name', () => {
  const { path, old, output } = record()
  countSessions(path)
  linkSync(path, old)
  expect(output.requireLinked()).toBeUndefined()
})

test('E_REMOVED: the file has no name any more, and no other files remain', () => {
  const { path, output } = record()
  rmSync(path)
  expect(output.requireLinked).toThrow(expect.objectContaining({ code: 'E_REMOVED' }))
  output.close()
  expect(readdirSync(dirname(path))).toEqual([])
})

test.each<[string, (path: string, old: string) => void]>([
  ['moved', () => {}],
  ['replaced by another file', (path, old) => copyFileSync(old, path)],
  ['replaced by a link to it', (path, old) => symlinkSync(old, path)],
  ['replaced by a directory', (path) => void mkdirSync(path)],
])('E_MOVED: %s; everything recorded is in the file that the error names', (_, replace) => {
  const { path, old, output } = record()
  renameSync(path, old)
  replace(path, old)
  const reason = `the attempts recorded before are in ${old}`
  expect(output.requireLinked).toThrow(expect.objectContaining({ code: 'E_MOVED', reason }))
  output.close()
  expect(readdirSync(dirname(path))).not.toContain('trace.db-wal')
  expect(countSessions(old)).toBe(1)
})

test('E_MOVED: one of two names was removed', () => {
  const { path, old, output } = record()
  linkSync(path, old)
  rmSync(path)
  expect(output.requireLinked).toThrow(expect.objectContaining({ code: 'E_MOVED' }))
  output.close()
  expect(countSessions(old)).toBe(1)
})

test('another recording cannot use the old name of a moved file until this one ends', () => {
  const { path, old, output } = record()
  renameSync(path, old)
  expect(refusal(path)).toMatchObject({ code: 'E_CANNOT_OPEN', reason: expect.stringContaining(`${path}-wal`) })
  addSession(output.db)
  output.close()
  openOutput(path).close()
  expect(countSessions(old)).toBe(2)
})
