import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readSql } from '../../../src/analyze/sql/read-sql.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

const fileOf = (content: string) => {
  const path = join(makeTemporaryDirectory(), 'a.sql')
  writeFileSync(path, content)
  return path
}
const largest = (bytes: number) => `SELECT 1 --${'x'.repeat(bytes - 11)}`

describe('SQL from a file', () => {
  test('leaves the first argument for a trace', () => {
    expect(readSql('a.db', ['b.db'], fileOf('SELECT 1')).files).toEqual(['a.db', 'b.db'])
    expect(readSql(undefined, [], fileOf(largest(1 << 20))).files).toEqual([])
  })

  test.each([
    ['an endless device', () => '/dev/zero', /larger than 1 MB/],
    ['a file of 1 MB and one byte', () => fileOf(largest((1 << 20) + 1)), /larger than 1 MB/],
    ['a directory', () => makeTemporaryDirectory(), /EISDIR/],
    ['a missing file', () => '/nonexistent', /ENOENT/],
  ])('is refused: %s', (_, make, reason) => {
    expect(() => readSql(undefined, [], make())).toThrow(
      expect.objectContaining({ code: 'E_USAGE', reason: expect.stringMatching(reason) }),
    )
  })

  test('may be read from a FIFO, in pieces', () => {
    const path = join(makeTemporaryDirectory(), 'fifo')
    execFileSync('mkfifo', [path])
    execFileSync('sh', ['-c', `(printf 'SELECT '; sleep 0.05; printf 1) > '${path}' 2>&1 &`], { stdio: 'ignore' })
    expect(() => readSql(undefined, [], path)).not.toThrow()
  })
})
