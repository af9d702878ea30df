import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { createFileNames } from '../../../src/record/retention/file-names.js'
import { openNextFile } from '../../../src/record/rotate/begin-first.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

const UNIX_NS = BigInt(Date.UTC(2026, 10, 25, 22, 15) / 1000) * 1_000_000_000n
const start = { sinceNs: 0, unixNs: UNIX_NS }

function openIn(directory: string): string {
  const output = openNextFile(createFileNames(join(directory, 'a.db')), start)
  output.close()
  return basename(output.path)
}

test('an existing file, link or directory with that name is kept, and the name gets a number (SEC-53)', () => {
  const directory = makeTemporaryDirectory()
  const at = (name: string) => join(directory, name)
  writeFileSync(at('a-20261125T221500Z.db'), 'a diary')
  symlinkSync(at('nowhere'), at('a-20261125T221500Z_001.db'))
  mkdirSync(at('a-20261125T221500Z_002.db'))
  expect([openIn(directory), openIn(directory)]).toEqual(['a-20261125T221500Z_003.db', 'a-20261125T221500Z_004.db'])
  expect(readFileSync(at('a-20261125T221500Z.db'), 'utf8')).toBe('a diary')
  expect(existsSync(at('nowhere'))).toBe(false)
})

test('a log with that name and no trace is an error, and the log is kept', () => {
  const directory = makeTemporaryDirectory()
  writeFileSync(join(directory, 'a-20261125T221500Z.db-wal'), 'the log of a trace')
  expect(() => openIn(directory)).toThrow(expect.objectContaining({ code: 'E_CANNOT_OPEN' }))
  expect(readdirSync(directory)).toEqual(['a-20261125T221500Z.db-wal'])
})

test('a missing directory is an error; no other name is tried', () => {
  expect(() => openIn(join(makeTemporaryDirectory(), 'missing'))).toThrow(
    expect.objectContaining({ code: 'E_CANNOT_OPEN' }),
  )
})
