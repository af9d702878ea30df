import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { findFiles } from '../../src/push/find-files.js'
import { makeSampleTrace } from '../analyze/sample-trace.js'

/** A closed trace. */
function makeTrace(): string {
  const { db, file } = makeSampleTrace({ batches: [[{ startedNs: 1n }]] })
  db.pragma('journal_mode = DELETE')
  db.close()
  return file
}

test('a trace that this process reads keeps its locks while its directory is listed', () => {
  const file = makeTrace()
  const known = new Set<string>()
  expect(findFiles([dirname(file)], false, known)).toEqual([file])
  const db = new Database(file, { readonly: true })
  db.exec('BEGIN; SELECT * FROM session')
  const locks = () => readFileSync('/proc/locks', 'utf8').match(new RegExp(`POSIX.*:${statSync(file).ino} `, 'g')) ?? []
  const before = locks().length
  expect(before).toBeGreaterThan(0)
  expect(findFiles([dirname(file)], false, known)).toEqual([file])
  expect(locks()).toHaveLength(before)
  db.close()
})

test('a file that is not a trace yet is looked at again', () => {
  const file = makeTrace()
  const bytes = readFileSync(file)
  const known = new Set<string>()
  for (const length of [0, 50]) {
    truncateSync(file, length)
    expect(findFiles([dirname(file)], false, known)).toEqual([])
  }
  writeFileSync(file, bytes)
  expect(findFiles([dirname(file)], false, known)).toEqual([file])
})
