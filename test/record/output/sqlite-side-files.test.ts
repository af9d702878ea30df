import {
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openOutput } from '../../../src/record/output/open-output.js'
import { skipUnless } from '../../support/kernel-tests.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { GAMES_GID, GAMES_UID } from '../../support/users.js'
import { addSession } from '../new-trace.js'
import { copyOfKilled, makeClosedTrace, newPath, refusal } from '../session/output-files.js'

const WORDS = 'precious'.repeat(100)

describe.each(['-wal', '-shm', '-journal'])('a foreign file named like the trace with %s', (suffix) => {
  test.each([
    ['a symbolic link', 'E_SYMLINK', symlinkSync],
    ['a hard link', 'E_CANNOT_OPEN', linkSync],
  ])('%s: refused, and not written to', (_, code, plant) => {
    for (const path of [newPath(), makeClosedTrace()]) {
      const victim = join(makeTemporaryDirectory(), 'victim')
      writeFileSync(victim, WORDS)
      plant(victim, path + suffix)
      const before = readdirSync(dirname(path))
      const error = refusal(path)
      expect(error.code).toBe(code)
      expect(error.reason + error.hint).toContain(path + suffix)
      expect(readFileSync(victim, 'utf8')).toBe(WORDS)
      expect(readdirSync(dirname(path))).toEqual(before)
    }
  })

  test('a directory: refused', () => {
    const path = newPath()
    mkdirSync(path + suffix)
    expect(refusal(path).code).toBe('E_CANNOT_OPEN')
    expect(existsSync(path)).toBe(false)
  })

  test('a file of another user: refused (SEC-48)', (context) => {
    skipUnless(process.getuid?.() === 0, 'only root gives files away', context)
    const path = makeClosedTrace()
    writeFileSync(path + suffix, '')
    chownSync(path + suffix, GAMES_UID, GAMES_GID)
    expect(refusal(path)).toMatchObject({ code: 'E_CANNOT_OPEN', reason: expect.stringContaining('another user') })
  })
})

test('the log of a recorder that was killed is used', () => {
  const path = copyOfKilled()
  const output = openOutput(path)
  expect(addSession(output.db)).toBe(2)
  output.close()
  expect(readdirSync(dirname(path))).toEqual(['trace.db'])
})

test.each(['missing', 'empty'])(
  'a log whose trace is %s: refused and kept, since it may hold the only data',
  (state) => {
    const path = newPath()
    if (state === 'empty') writeFileSync(path, '')
    writeFileSync(`${path}-wal`, WORDS)
    const error = refusal(path)
    expect(error.code).toBe('E_CANNOT_OPEN')
    expect(error.hint).toContain(`${path}-wal`)
    expect(readFileSync(`${path}-wal`, 'utf8')).toBe(WORDS)
    expect(existsSync(path)).toBe(state === 'empty')
  },
)
