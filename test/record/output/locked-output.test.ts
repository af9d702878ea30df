import { chmodSync, chownSync, closeSync, existsSync, readFileSync, readdirSync, renameSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { openLockedOutput, requireSameFile } from '../../../src/record/output/locked-output.js'
import { latestVersion } from '../../../src/store/migrate.js'
import { skipUnless } from '../../support/kernel-tests.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { GAMES_GID, GAMES_UID } from '../../support/users.js'
import { makeClosedTrace, newPath, refusal } from '../session/output-files.js'

const modeOf = (path: string) => statSync(path).mode & 0o7777

describe('a refused trace does not change', () => {
  test.each([0o444, 0o400])('read-only, mode %o: refused for root too', (mode) => {
    const path = makeClosedTrace()
    chmodSync(path, mode)
    const before = readFileSync(path)
    const error = refusal(path)
    expect(error).toMatchObject({ code: 'E_CANNOT_OPEN', reason: 'it is read-only' })
    expect(error.hint).toContain(`chmod u+w ${path}`)
    expect(modeOf(path)).toBe(mode)
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  test('of another user: refused for root too (SEC-44)', (context) => {
    skipUnless(process.getuid?.() === 0, 'only root gives files away', context)
    const path = makeClosedTrace()
    chownSync(path, GAMES_UID, GAMES_GID)
    const before = readFileSync(path)
    expect(refusal(path)).toMatchObject({ code: 'E_CANNOT_OPEN', reason: 'it belongs to another user' })
    expect(statSync(path).uid).toBe(GAMES_UID)
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  test('newer than this tool: keeps its permissions', () => {
    const path = makeClosedTrace()
    const db = new Database(path)
    db.pragma(`user_version = ${latestVersion() + 1}`)
    db.close()
    chmodSync(path, 0o664)
    expect(refusal(path).code).toBe('E_NEWER_TRACE')
    expect(modeOf(path)).toBe(0o664)
  })
})

test('a file that must exist is not created', () => {
  const path = newPath()
  expect(() => openLockedOutput(path, 'present')).toThrow(expect.objectContaining({ code: 'E_CANNOT_OPEN' }))
  expect(existsSync(path)).toBe(false)
})

test('a file that is replaced while it is being opened is refused (SEC-50)', () => {
  const path = makeClosedTrace()
  const planted = makeClosedTrace()
  const file = openLockedOutput(path)
  renameSync(planted, path)
  const db = new Database(path)
  db.pragma('user_version')
  expect(() => requireSameFile(file)).toThrow(expect.objectContaining({ code: 'E_SYMLINK' }))
  db.close()
  closeSync(file.fd)
})

describe('a name that cannot be a file', () => {
  test('in a directory that does not allow new files: refused', () => {
    const error = refusal('/proc/trace.db')
    expect(error.code).toBe('E_CANNOT_OPEN')
    expect(error.reason).toBe('no file can be created in /proc')
    expect(error.hint).not.toContain('mkdir')
  })

  test('with a trailing blank: refused, and nothing is created', () => {
    const path = `${newPath()} `
    expect(refusal(path)).toMatchObject({ code: 'E_CANNOT_OPEN', reason: expect.stringContaining('blank') })
    expect(readdirSync(dirname(path))).toEqual([])
  })
})

test.each([':memory:', ' leading.db'])('%j is an ordinary file name', (name) => {
  const directory = makeTemporaryDirectory()
  const before = process.cwd()
  process.chdir(directory)
  try {
    makeClosedTrace(name)
  } finally {
    process.chdir(before)
  }
  expect(existsSync(join(directory, name))).toBe(true)
  expect(readdirSync(directory)).toEqual([name])
})
