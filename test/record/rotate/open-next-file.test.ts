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

test('what has the name already stays as it is, whatever it is (SEC-53)', () => {
  const directory = makeTemporaryDirectory()
  const at = (name: string) => join(directory, name)
  writeFileSync(at('a-20261125T221500Z.db'), 'a diary')
  symlinkSync(at('nowhere'), at('a-20261125T221500Z_001.db'))
  mkdirSync(at('a-20261125T221500Z_002.db'))
  expect([openIn(directory), openIn(directory)]).toEqual(['a-20261125T221500Z_003.db', 'a-20261125T221500Z_004.db'])
  expect(readFileSync(at('a-20261125T221500Z.db'), 'utf8')).toBe('a diary')
  expect(existsSync(at('nowhere'))).toBe(false)
})

test('a log that waits for a trace of that name is not touched', () => {
  const directory = makeTemporaryDirectory()
  writeFileSync(join(directory, 'a-20261125T221500Z.db-wal'), 'the log of a trace')
  expect(() => openIn(directory)).toThrow(expect.objectContaining({ code: 'E_CANNOT_OPEN' }))
  expect(readdirSync(directory)).toEqual(['a-20261125T221500Z.db-wal'])
})

test('a directory that is missing is an error, not another name', () => {
  expect(() => openIn(join(makeTemporaryDirectory(), 'missing'))).toThrow(
    expect.objectContaining({ code: 'E_CANNOT_OPEN' }),
  )
})
