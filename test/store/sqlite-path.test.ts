import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openTrace } from '../../src/store/open-trace.js'
import { sqlitePath } from '../../src/store/open-database.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'
import { runTool } from '../support/tool.js'
import { insertSession, makeTrace } from './hand-made-trace.js'

/** A closed trace with this name, in a directory of its own. */
function traceNamed(name: string): string {
  const trace = makeTrace()
  insertSession(trace)
  trace.db.close()
  const file = join(makeTemporaryDirectory(), name)
  copyFileSync(trace.file, file)
  return file
}

describe('a name that better-sqlite3 changes', () => {
  test.each([':memory:', ' leading.db', '\u00a0leading.db', 'file:a.db?mode=ro', '~a.db'])(
    '%j is opened',
    async (name) => {
      const file = traceNamed(name)
      openTrace(file).close()
      const { status, stdout } = await runTool(['info', name], { cwd: dirname(file) })
      expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('1 session') })
    },
  )

  test.each(['trailing.db ', 'trailing.db\n', 'trailing.db\ufeff', ' '])(
    '%j is refused, even if the changed name exists',
    (name) => {
      const file = traceNamed(name)
      if (name.trim()) copyFileSync(file, file.trimEnd())
      expect(() => openTrace(file)).toThrow(expect.objectContaining({ code: 'E_CANNOT_OPEN' }))
    },
  )
})

test('the system resolves a path through a link to a directory, including ..', () => {
  const file = traceNamed('trace.db')
  const below = join(dirname(file), 'below')
  const link = join(makeTemporaryDirectory(), 'link')
  mkdirSync(below)
  symlinkSync(below, link)
  openTrace(`${link}/../trace.db`).close()
  expect(sqlitePath(relative(process.cwd(), `${link}`))).toMatch(/^\.\//)
})
