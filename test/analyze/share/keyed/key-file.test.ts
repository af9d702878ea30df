import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openKey, readKey } from '../../../../src/analyze/share/keyed/key-file.js'
import { makeTemporaryDirectory } from '../../../support/temporary-directory.js'

/** Creates a key. */
function createKey(path: string): Buffer {
  const key = openKey(path)
  key.commit()
  return key.secret
}

test('a key is created with mode 0600, and read again (SEC-66)', () => {
  const path = join(makeTemporaryDirectory(), 'key')
  const secret = createKey(path)
  expect([statSync(path).mode & 0o777, secret.length]).toEqual([0o600, 32])
  expect(readFileSync(path, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/)
  expect(openKey(path)).toMatchObject({ secret, isNew: false })
})

test('a new key has no file until it is complete, and none after an error', () => {
  const directory = makeTemporaryDirectory()
  const path = join(directory, 'key')
  const key = openKey(path)
  expect([key.isNew, existsSync(path)]).toEqual([true, false])
  key.abort()
  expect(readdirSync(directory)).toEqual([])
})

test('a key that another process created meanwhile is kept', () => {
  const path = join(makeTemporaryDirectory(), 'key')
  const key = openKey(path)
  writeFileSync(path, `${'ab'.repeat(32)}\n`, { mode: 0o600 })
  expect(() => key.commit()).toThrow(expect.objectContaining({ code: 'E_KEY' }))
  expect(readKey(path)).toEqual(Buffer.alloc(32, 0xab))
})

test.each([0o640, 0o604, 0o660, 0o622])(
  'a key that group or others may access is refused: mode %o (SEC-66)',
  (mode) => {
    const path = join(makeTemporaryDirectory(), 'key')
    createKey(path)
    chmodSync(path, mode)
    expect(() => readKey(path)).toThrow(expect.objectContaining({ code: 'E_KEY', hint: `chmod 600 ${path}` }))
  },
)

test.each(['', 'ab'.repeat(31), 'ab'.repeat(33), 'xy'.repeat(32), 'ab'.repeat(100_000)])(
  'a file without a key of 64 digits is refused (case %#)',
  (text) => {
    const path = join(makeTemporaryDirectory(), 'key')
    writeFileSync(path, text, { mode: 0o600 })
    expect(() => readKey(path)).toThrow(expect.objectContaining({ code: 'E_KEY' }))
  },
)

test('what cannot be opened is reported, also a directory', () => {
  const directory = makeTemporaryDirectory()
  expect(() => openKey(join(directory, 'no', 'key'))).toThrow(expect.objectContaining({ code: 'E_CANNOT_OPEN' }))
  chmodSync(directory, 0o700)
  expect(() => readKey(directory)).toThrow(expect.objectContaining({ code: 'E_KEY' }))
})

test('a FIFO without a writer is refused', () => {
  const path = join(makeTemporaryDirectory(), 'fifo')
  execFileSync('mkfifo', ['-m', '600', path])
  expect(() => openKey(path)).toThrow(expect.objectContaining({ code: 'E_KEY' }))
})
