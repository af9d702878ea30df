import { describe, expect, test } from 'vitest'
import { createFileNames } from '../../../src/record/retention/file-names.js'

const SECOND = Date.UTC(2026, 10, 25, 22, 15, 0) / 1000
const NS = BigInt(SECOND) * 1_000_000_000n + 987_654_321n

describe('file names', () => {
  test.each([
    ['tcpconn.db', 'tcpconn-20261125T221500Z.db'],
    ['/var/lib/tcpconn/web.db', '/var/lib/tcpconn/web-20261125T221500Z.db'],
    ['a/b.c.db', 'a/b.c-20261125T221500Z.db'],
    ['trace', 'trace-20261125T221500Z'],
    ['./t.db', 't-20261125T221500Z.db'],
  ])('are derived from %s', (file, path) => {
    expect(createFileNames(file).pathAt(NS, 0)).toBe(path)
  })

  test('have a number if they are of the same second', () => {
    const names = createFileNames('a.db')
    const paths = [0, 1, 2, 10, 999].map((count) => names.pathAt(NS, count))
    expect(paths.slice(0, 3)).toEqual([
      'a-20261125T221500Z.db',
      'a-20261125T221500Z_001.db',
      'a-20261125T221500Z_002.db',
    ])
    const next = names.pathAt(NS + 1_000_000_000n, 0)
    expect([...paths, next].toSorted()).toEqual([...paths, next])
  })
})

describe('the second in a file name', () => {
  const names = createFileNames('/data/a.db')

  test.each(['a-20261125T221500Z.db', 'a-20261125T221500Z_001.db', 'a-20261125T221500Z_999.db'])(
    'is read from %s',
    (name) => {
      expect(names.secondOf(name)).toBe(SECOND)
    },
  )

  test.each([
    'a.db',
    'a-.db',
    'a-20261125T221500Z.db-wal',
    'a-20261125T221500Z',
    'b-20261125T221500Z.db',
    'a-b-20261125T221500Z.db',
    'aa-20261125T221500Z.db',
    'a-20261125T221500Z_1.db',
    'a-20261125T221500Z_0001.db',
    'a-20261125T221500.db',
    'a-20261325T221500Z.db',
    'a-20260231T221500Z.db',
    'a-20261125T246000Z.db',
    ' a-20261125T221500Z.db',
  ])('does not exist in %j', (name) => {
    expect(names.secondOf(name)).toBeNull()
  })
})
