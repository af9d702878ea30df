import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { queryDirectory, readUserQueries } from '../../../src/analyze/sql/user-queries.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

const TAKEN = { reserved: ['latency', 'sql'], options: ['format'] }

/** A directory with these files. */
function makeQueries(files: Readonly<Record<string, string>>): string {
  const directory = makeTemporaryDirectory()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

test('a file is a query with a name, a description in its first line, and parameters', () => {
  const directory = makeQueries({
    'slow-users.sql': `-- users whose attempts took longer than :ms\nSELECT user FROM connects WHERE latency_ns > :ms * 1e6 AND comm = :comm`,
    'b.sql': 'SELECT 1',
    'notes.txt': 'no query',
  })
  const { queries, warnings } = readUserQueries(directory, TAKEN)
  expect(warnings.size).toBe(0)
  expect(queries.map(({ query }) => query.name)).toEqual(['b', 'slow-users'])
  expect(queries[1]).toMatchObject({
    parameters: ['ms', 'comm'],
    query: {
      description: 'users whose attempts took longer than :ms',
      example: 'tcpconn analyze slow-users --ms VALUE --comm VALUE',
    },
  })
  expect(queries[0]!.query.description).toContain(join(directory, 'b.sql'))
})

test('a link to a file is accepted', () => {
  const directory = makeQueries({})
  symlinkSync(join(makeQueries({ 'x.sql': 'SELECT 1' }), 'x.sql'), join(directory, 'linked.sql'))
  expect(readUserQueries(directory, TAKEN).queries.map(({ query }) => query.name)).toEqual(['linked'])
})

test('files that are not queries are left out and reported', () => {
  const directory = makeQueries({
    'good.sql': 'SELECT 1',
    'latency.sql': 'SELECT 1',
    'Big.sql': 'SELECT 1',
    '-x.sql': 'SELECT 1',
    'write.sql': 'DELETE FROM session',
    'empty.sql': '',
    'huge.sql': `SELECT '${'x'.repeat(1 << 20)}'`,
    'clash.sql': 'SELECT :format',
  })
  mkdirSync(join(directory, 'directory.sql'))
  symlinkSync(join(directory, 'nowhere'), join(directory, 'broken.sql'))
  execFileSync('mkfifo', [join(directory, 'fifo.sql')])
  const { queries, warnings } = readUserQueries(directory, TAKEN)
  expect(queries.map(({ query }) => query.name)).toEqual(['good'])
  const told = (name: string) => [...warnings.values()].find((warning) => warning.includes(join(directory, name)))
  expect(told('latency.sql')).toMatch(/has a query of that name/)
  expect(told('Big.sql')).toMatch(/small letters/)
  expect(told('-x.sql')).toMatch(/small letters/)
  expect(told('write.sql')).toMatch(/DELETE/)
  expect(told('empty.sql')).toMatch(/no statement/)
  expect(told('huge.sql')).toMatch(/larger/)
  expect(told('clash.sql')).toMatch(/--format/)
  expect(told('directory.sql')).toMatch(/not a file/)
  expect(told('fifo.sql')).toMatch(/not a file/)
  expect(told('broken.sql')).toMatch(/ENOENT/)
  expect(warnings.size).toBe(10)
})

describe('the directory of queries', () => {
  test('is that of XDG_CONFIG_HOME, or below the home directory', () => {
    expect(queryDirectory({ XDG_CONFIG_HOME: '/etc/xdg', HOME: '/home/a' }, 1000)).toBe('/etc/xdg/tcpconn/queries')
    expect(queryDirectory({ HOME: '/home/a' }, 1000)).toBe('/home/a/.config/tcpconn/queries')
    expect(queryDirectory({ XDG_CONFIG_HOME: 'relative', HOME: '/home/a' }, 1000)).toBe(
      '/home/a/.config/tcpconn/queries',
    )
    expect(queryDirectory({}, 1000)).toBe(join(homedir(), '.config/tcpconn/queries'))
  })

  test('is that of the user of sudo, according to /etc/passwd', () => {
    const [, , , , , home] = execFileSync('getent', ['passwd', '1'], { encoding: 'utf8' }).split(':')
    expect(queryDirectory({ SUDO_UID: '1', HOME: '/home/admin' }, 0)).toBe(`${home}/.config/tcpconn/queries`)
    expect(queryDirectory({ SUDO_UID: '1', HOME: '/home/a' }, 1000)).toBe('/home/a/.config/tcpconn/queries')
    expect(queryDirectory({ SUDO_UID: '0', HOME: '/home/admin' }, 0)).toBe('/home/admin/.config/tcpconn/queries')
    expect(queryDirectory({ SUDO_UID: '../../etc', HOME: '/home/admin' }, 0)).toBe(
      '/home/admin/.config/tcpconn/queries',
    )
  })

  test('may be missing', () => {
    expect(readUserQueries('/nonexistent', TAKEN)).toEqual({ queries: [], warnings: new Map() })
  })
})
