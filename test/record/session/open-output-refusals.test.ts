import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { latestVersion } from '../../../src/store/migrate.js'
import { mount } from '../../support/mount.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { makeClosedTrace, newPath, refusal } from './output-files.js'

describe('files that are refused and do not change', () => {
  test.each([
    [
      'E_NOT_SQLITE',
      'a text',
      'a text that is long enough to be taken for a header, or so one could think\n'.repeat(5),
    ],
    ['E_NOT_SQLITE', 'some bytes', '\0'.repeat(600)],
  ])('%s: %s', (code, _, content) => {
    const path = newPath()
    writeFileSync(path, content)
    expect(refusal(path).code).toBe(code)
    expect(readFileSync(path, 'utf8')).toBe(content)
    expect(readdirSync(dirname(path))).toEqual(['trace.db'])
  })

  test('E_NOT_A_TRACE: the database of another program (SEC-44)', () => {
    const path = newPath()
    new Database(path).exec('CREATE TABLE precious (a); INSERT INTO precious VALUES (1)').close()
    const before = readFileSync(path)
    expect(refusal(path).code).toBe('E_NOT_A_TRACE')
    expect(readFileSync(path).equals(before)).toBe(true)
    expect(readdirSync(dirname(path))).toEqual(['trace.db'])
  })

  test('E_NEWER_TRACE: a trace of a newer version', () => {
    const path = makeClosedTrace()
    const db = new Database(path)
    db.pragma(`user_version = ${latestVersion() + 1}`)
    db.close()
    const before = readFileSync(path)
    expect(refusal(path).code).toBe('E_NEWER_TRACE')
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  test('E_SYMLINK: a symbolic link, whether or not its target exists', () => {
    const directory = makeTemporaryDirectory()
    const victim = makeClosedTrace(join(directory, 'victim.db'))
    const before = readFileSync(victim)
    symlinkSync(victim, join(directory, 'link.db'))
    symlinkSync(join(directory, 'new.db'), join(directory, 'dangling.db'))
    expect(refusal(join(directory, 'link.db')).code).toBe('E_SYMLINK')
    expect(refusal(join(directory, 'dangling.db')).code).toBe('E_SYMLINK')
    expect(readFileSync(victim).equals(before)).toBe(true)
    expect(existsSync(join(directory, 'new.db'))).toBe(false)
  })
})

describe('an invalid path', () => {
  test.each([
    ['a directory', (directory: string) => directory, /directory/],
    ['a missing directory', (directory: string) => join(directory, 'missing/trace.db'), /missing does not exist/],
    ['below a file', (directory: string) => join(makeFile(directory), 'trace.db'), /not a directory/i],
    ['a FIFO', makeFifo, /not a regular file/],
    ['a device', () => '/dev/null', /not a regular file/],
    ['a name that is too long', (directory: string) => join(directory, 'x'.repeat(300)), /too long/i],
  ])('E_CANNOT_OPEN: %s', (_, make, reason) => {
    const error = refusal(make(makeTemporaryDirectory()))
    expect(error.code).toBe('E_CANNOT_OPEN')
    expect(error.reason).toMatch(reason)
    expect(error.hint).not.toBe('')
  })

  test('E_CANNOT_OPEN: in a read-only directory', () => {
    const directory = makeTemporaryDirectory()
    if (process.getuid?.() === 0) mount(directory, ['--bind', '-o', 'ro', directory])
    else chmodSync(directory, 0o555)
    expect(refusal(join(directory, 'trace.db'))).toMatchObject({ code: 'E_CANNOT_OPEN' })
  })

  test('leaves no open descriptor and no lock', () => {
    const path = newPath()
    writeFileSync(path, 'no database'.repeat(100))
    const open = () => readdirSync('/proc/self/fd').length
    refusal(path)
    const before = open()
    for (let i = 0; i < 10; i++) refusal(path)
    expect(open()).toBe(before)
    execFileSync('flock', ['--exclusive', '--nonblock', path, 'true'])
  })
})

function makeFile(directory: string): string {
  const path = join(directory, 'file')
  writeFileSync(path, '')
  return path
}

function makeFifo(directory: string): string {
  mkdirSync(join(directory, 'below'))
  const path = join(directory, 'below/fifo')
  execFileSync('mkfifo', [path])
  return path
}
