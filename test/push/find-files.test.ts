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
  const options = { known: new Set<string>() }
  expect(findFiles([dirname(file)], options)).toEqual([file])
  const db = new Database(file, { readonly: true })
  db.exec('BEGIN; SELECT * FROM session')
  const locks = () => readFileSync('/proc/locks', 'utf8').match(new RegExp(`POSIX.*:${statSync(file).ino} `, 'g')) ?? []
  const before = locks().length
  expect(before).toBeGreaterThan(0)
  expect(findFiles([dirname(file)], options)).toEqual([file])
  expect(locks()).toHaveLength(before)
  db.close()
})

test('a file that is not a trace yet is looked at again', () => {
  const file = makeTrace()
  const bytes = readFileSync(file)
  const options = { known: new Set<string>() }
  for (const length of [0, 50]) {
    truncateSync(file, length)
    expect(findFiles([dirname(file)], options)).toEqual([])
  }
  writeFileSync(file, bytes)
  expect(findFiles([dirname(file)], options)).toEqual([file])
})

test('what is wrong with a path is thrown, or noted with each look, and the other paths are read', () => {
  const [file, missing] = [makeTrace(), '/nonexistent/traces']
  expect(() => findFiles([file, missing])).toThrow(expect.objectContaining({ code: 'E_NO_SUCH_FILE' }))
  const noted: unknown[] = []
  const note = (path: string, fault: { readonly reason: string } | null) => noted.push([path, fault?.reason ?? null])
  expect(findFiles([missing, dirname(file)], { note })).toEqual([file])
  expect(noted).toEqual([
    [missing, expect.stringContaining('ENOENT') as string],
    [dirname(file), null],
  ])
})
