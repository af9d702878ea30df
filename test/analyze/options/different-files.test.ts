import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { requireDifferentFiles } from '../../../src/analyze/options/different-files.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

test('refuses the same file under different names', () => {
  const directory = makeTemporaryDirectory()
  const at = (name: string) => join(directory, name)
  writeFileSync(at('a.db'), 'a')
  writeFileSync(at('copy.db'), 'a')
  linkSync(at('a.db'), at('hard.db'))
  symlinkSync('a.db', at('soft.db'))
  mkdirSync(at('sub'))
  expect(() => requireDifferentFiles([at('a.db'), at('copy.db')])).not.toThrow()
  for (const name of ['a.db', 'hard.db', 'soft.db', 'sub/../a.db']) {
    expect(() => requireDifferentFiles([at('a.db'), at('copy.db'), `${directory}/${name}`])).toThrow(
      expect.objectContaining({ code: 'E_USAGE', reason: expect.stringContaining(`same as ${at('a.db')}`) }),
    )
  }
})

test('accepts files that cannot be inspected: opening them reports the error', () => {
  const names = ['/nonexistent/a', '/nonexistent/a', 'x'.repeat(5000), 'x'.repeat(5000)]
  expect(() => requireDifferentFiles(names)).not.toThrow()
})
