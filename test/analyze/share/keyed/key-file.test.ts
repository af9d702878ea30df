import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readKey, readOrCreateKey } from '../../../../src/analyze/share/keyed/key-file.js'
import { makeTemporaryDirectory } from '../../../support/temporary-directory.js'

test('a key is created with mode 0600, and read again (SEC-66)', () => {
  const path = join(makeTemporaryDirectory(), 'key')
  const { secret, isNew } = readOrCreateKey(path)
  expect([isNew, statSync(path).mode & 0o777, secret.length]).toEqual([true, 0o600, 32])
  expect(readFileSync(path, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/)
  expect(readOrCreateKey(path)).toEqual({ secret, isNew: false })
})

test.each([0o640, 0o604, 0o660, 0o622])(
  'a key that group or others may access is refused: mode %o (SEC-66)',
  (mode) => {
    const path = join(makeTemporaryDirectory(), 'key')
    readOrCreateKey(path)
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
  expect(() => readOrCreateKey(join(directory, 'no', 'key'))).toThrow(
    expect.objectContaining({ code: 'E_CANNOT_OPEN' }),
  )
  chmodSync(directory, 0o700)
  expect(() => readKey(directory)).toThrow(expect.objectContaining({ code: 'E_KEY' }))
})

test('a FIFO without a writer is refused', () => {
  const path = join(makeTemporaryDirectory(), 'fifo')
  execFileSync('mkfifo', ['-m', '600', path])
  expect(() => readOrCreateKey(path)).toThrow(expect.objectContaining({ code: 'E_KEY' }))
})
