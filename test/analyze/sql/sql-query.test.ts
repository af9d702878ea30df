import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { selectScope, type RawScope } from '../../../src/analyze/options/select-scope.js'
import { byProcess } from '../../../src/analyze/queries/by-process.js'
import { latency } from '../../../src/analyze/queries/latency/latency.js'
import { readStatement } from '../../../src/analyze/sql/read-statement.js'
import { createSqlQuery } from '../../../src/analyze/sql/sql-query.js'
import { withTraces } from '../../../src/analyze/scan/trace.js'
import { TcpconnError, UsageError } from '../../../src/base/errors.js'
import { decodeBytes } from '../../../src/attempt/byte-text.js'
import { createRandom } from '../../store/random.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { queryTrace } from '../../support/trace.js'
import { makeHardTrace } from '../export/hard-trace.js'
import { makeOlderTrace } from '../older-trace.js'
import { rowObjects, runQuery } from '../query-rows.js'
import { sampleEvents } from '../sample-events.js'
import { makeSampleTrace } from '../sample-trace.js'

interface Asked extends RawScope {
  readonly limit?: number
  readonly values?: Record<string, string>
}

function runSql(files: string | readonly string[], sql: string, { limit = Infinity, values = {}, ...raw }: Asked = {}) {
  const query = createSqlQuery('sql', readStatement(sql))
  return withTraces([files].flat(), (traces) =>
    query.run(selectScope(traces, raw), { limit, sort: null, width: 80, values }),
  )
}

function failureOf(files: string | readonly string[], sql: string, asked: Asked = {}): TcpconnError {
  try {
    runSql(files, sql, asked)
  } catch (error) {
    if (error instanceof TcpconnError) return error
    throw error
  }
  throw new Error(`${sql} was run`)
}

function makeFile(seed = 1, count = 200): string {
  return makeSampleTrace({ batches: [sampleEvents(createRandom(seed), count)] }).file
}

/** Attempts of the processes 1 and 2 in pods, of 3 in a container, of 4 in a unit. */
function makeContainerFile(): string {
  const events = [1, 2, 3, 4].map((pid) => ({ pid, cgroupId: BigInt(pid) }))
  const { db, file } = makeSampleTrace({ batches: [events] })
  db.exec(`
    WITH one(key, id, name, namespace, pod, container) AS (VALUES
      (1, 'a', NULL, 'shop', 'cart-0', 'cart'), (2, 'b', NULL, 'shop', 'web-0', 'web'),
      (3, '${'f'.repeat(64)}', 'db', NULL, NULL, NULL))
    INSERT INTO container (container_key, session_id, container_id, container_name, pod_namespace, pod_name, pod_container_name)
      SELECT key, session_id, id, name, namespace, pod, container FROM session, one;
    UPDATE cgroup SET container_key = kernel_cgroup_id WHERE kernel_cgroup_id < 4;
    UPDATE cgroup SET container = 'nginx.service' WHERE kernel_cgroup_id = 4`)
  return file
}

describe('the result of a query', () => {
  test('equals that of SQLite', () => {
    const file = makeFile()
    const sql = 'SELECT remote_port, outcome, count(*) AS n, avg(latency_ns) FROM connects GROUP BY 1, 2 ORDER BY 1, 2'
    const { columns, rows } = runSql(file, sql)
    const expected = queryTrace<Record<string, unknown>>(file, sql)
    expect(columns.map(({ name, kind }) => [name, kind])).toEqual([
      ['remote_port', 'number'],
      ['outcome', 'text'],
      ['n', 'number'],
      ['avg(latency_ns)', 'number'],
    ])
    expect(rows.length).toBeGreaterThan(5)
    expect(rows).toEqual(expected.map((row) => Object.values(row)))
  })

  test('has values of every type: large integers, NULL, blobs as hexadecimal digits', () => {
    const { rows } = runSql(
      makeFile(),
      `SELECT 9223372036854775807, 1, 1.5, 'a', NULL, x'00ff', started_ns FROM connects LIMIT 1`,
    )
    expect(rows[0]!.slice(0, 6)).toEqual([9_223_372_036_854_775_807n, 1, 1.5, 'a', null, '00ff'])
    expect(typeof rows[0]![6]).toBe('bigint')
  })

  test('has a key for each column, also if two have the same name', () => {
    expect(runSql(makeFile(), 'SELECT 1 AS a, 2 AS a, 3 AS b').columns.map(({ name }) => name)).toEqual([
      'a',
      'a:1',
      'b',
    ])
  })

  test('ends at the limit, and a note reports it', () => {
    const cut = runSql(makeFile(), 'SELECT pid FROM connects', { limit: 10 })
    expect(cut.rows).toHaveLength(10)
    expect(cut.notes.join()).toContain('only the first 10 rows')
    const whole = runSql(makeFile(), 'SELECT pid FROM connects LIMIT 10', { limit: 10 })
    expect(whole.rows).toHaveLength(10)
    expect(whole.notes).toEqual([])
  })

  test('ends at 64 Mi characters too, and a note reports that it is not the limit', () => {
    const cut = runSql(makeFile(), 'SELECT hex(zeroblob(524288)) FROM connects LIMIT 80', { limit: 1000 })
    expect(cut.rows).toHaveLength(65)
    expect(cut.notes.join()).toMatch(/^only the first 65 rows: a result holds 67,108,864 characters of text/)
    expect(cut.notes.join()).not.toContain('--limit ROWS takes more')
  })

  test('of an endless query has the first rows', () => {
    const sql = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n'
    expect(runSql(makeFile(), sql, { limit: 3 }).rows).toEqual([[1], [2], [3]])
  })
})

describe('the view connects', () => {
  test('has the newest session, or what the options select', () => {
    const random = createRandom(3)
    const session = () => ({ batches: [sampleEvents(random, 200)] })
    const { file } = makeSampleTrace(session(), session(), session())
    const count = (where: string) =>
      queryTrace<{ n: number }>(file, `SELECT count(*) AS n FROM connects WHERE ${where}`)[0]!.n
    const asked = (options: Asked) => runSql(file, 'SELECT count(*) FROM connects', options).rows[0]![0]
    expect(asked({})).toBe(count('session_id = 3'))
    expect(asked({ session: 'all' })).toBe(600)
    expect(asked({ session: '2', port: ['443'] })).toBe(count('session_id = 2 AND remote_port = 443'))
    expect(asked({ session: 'all', outcome: ['failed'] })).toBe(count(`outcome NOT IN ('established', 'pending')`))
    expect(asked({ session: 'all', dst: ['10.0.0.0/30'], ipv4: true })).toBe(
      count(`remote_address IN ('10.0.0.0', '10.0.0.1', '10.0.0.2', '10.0.0.3')`),
    )
    expect(
      asked({ session: 'all', uid: ['www-data', '5'], comm: ['curl'], cgroup: ['/cgroup-77'], pid: ['1000'] }),
    ).toBe(600)
    expect(asked({ session: 'all', comm: [`o'brien`] })).toBe(0)
    expect(asked({ session: 'all', minLatency: '1ms' })).toBe(count('latency_ns >= 1000000'))
    const half = queryTrace<{ t: string }>(
      file,
      'SELECT started_unix_ns + 30000000000 AS t FROM session WHERE session_id = 1',
    )
    expect(asked({ session: '1', until: '+30s' })).toBe(count(`session_id = 1 AND started_ns < ${BigInt(half[0]!.t)}`))
    expect(runSql(file, 'SELECT 1').notes.join()).toContain('session 3')
  })

  test('applies --cgroup in the spelling of the trace or of systemd', () => {
    // One character per byte.
    const names = ['caf\xc3\xa9', String.raw`caf\xc3\xa9`, 'caf\xe9', String.raw`caf\xe9`, String.raw`my\x2dweb`]
    const events = names.map((_, i) => ({ cgroupId: BigInt(1 + i) }))
    const { file, db } = makeSampleTrace({ batches: [events] })
    const set = db.prepare('UPDATE cgroup SET path = ? WHERE kernel_cgroup_id = ?')
    names.forEach((name, i) => {
      set.run(decodeBytes(Buffer.from(`/system.slice/srv-${name}.mount/below`, 'latin1')), i + 1)
    })
    for (const [name, ids] of [
      ['café', [1]],
      [String.raw`caf\xc3\xa9`, [2]],
      [String.raw`caf\\xc3\\xa9`, [2]],
      // One is a byte in the spelling of traces; the other has four characters in that of systemd.
      [String.raw`caf\xe9`, [3, 4]],
      [String.raw`caf\\xe9`, [4]],
      [String.raw`my\x2dweb`, [5]],
    ] as const) {
      const cgroup = [`/system.slice/srv-${name}.mount`]
      expect(runSql(file, 'SELECT count(*) FROM connects', { cgroup }).rows, name).toEqual([[ids.length]])
      const paths = db.prepare('SELECT path FROM cgroup WHERE kernel_cgroup_id IN (SELECT value FROM json_each(?))')
      const rows = rowObjects(runQuery(latency, [file], { cgroup }, { values: { by: 'cgroup' } }))
      const expected = paths.pluck().all(JSON.stringify(ids)) as string[]
      expect(rows.map((row) => row.cgroup).toSorted(), name).toEqual(expected.toSorted())
    }
  })

  test.each([
    [{ container: ['cart'] }, [1]],
    [{ container: ['web', 'f'.repeat(64)] }, [2, 3]],
    [{ container: ['nginx.service'] }, [4]],
    [{ container: ['nonesuch'] }, []],
    [{ pod: ['shop/cart-0'] }, [1]],
    [{ pod: ['shop/web-0', 'bank/cart-0'] }, [2]],
    [{ namespace: ['shop'] }, [1, 2]],
    [{ namespace: ['shop'], container: ['web'] }, [2]],
  ])('applies %j like built-in queries', (raw, expected) => {
    const file = makeContainerFile()
    const { rows } = runSql(file, 'SELECT pid FROM connects ORDER BY pid', raw)
    expect(rows.flat()).toEqual(expected)
    const found = rowObjects(runQuery(byProcess, [file], raw))
    expect(found.map(({ pid }) => pid).toSorted()).toEqual(expected)
  })

  test('has no row of an older trace whose containers are not known, if --pod is given', () => {
    const file = makeOlderTrace(makeHardTrace(), 1)
    expect(runSql(file, 'SELECT count(*) FROM connects', { session: 'all' }).rows).not.toEqual([[0]])
    expect(runSql(file, 'SELECT count(*) FROM connects', { session: 'all', pod: ['shop/cart-0'] }).rows).toEqual([[0]])
  })

  test('of several files has the rows of all, with their hosts', () => {
    const files = [makeFile(1, 30), makeFile(2, 50), makeFile(3, 70)]
    const { rows } = runSql(files, 'SELECT count(*), count(DISTINCT host), count(host) FROM connects')
    expect(rows).toEqual([[150, 1, 150]])
    expect(runSql(files, 'SELECT count(*) FROM connects', { port: ['443'] }).rows[0]![0]).toBe(
      files.reduce((sum, file) => sum + queryTrace(file, 'SELECT 1 FROM connects WHERE remote_port = 443').length, 0),
    )
  })

  test('of more files than SQLite can attach is refused', () => {
    expect(
      failureOf(
        Array.from({ length: 12 }, () => makeFile(1, 1)),
        'SELECT 1',
      ),
    ).toBeInstanceOf(UsageError)
  })
})

describe('read-only access', () => {
  const directory = makeDirectoryName()
  test.each([
    ['INSERT INTO session DEFAULT VALUES', /INSERT/],
    ['/* SELECT */ DELETE FROM session', /DELETE/],
    ['-- SELECT 1\nDROP VIEW connects', /DROP/],
    ['PRAGMA query_only = OFF', /PRAGMA/],
    ['explain PRAGMA query_only = OFF', /PRAGMA/],
    ['EXPLAIN /* */ QUERY PLAN -- x\n PRAGMA query_only = OFF', /PRAGMA/],
    [`ATTACH '${directory}/new.db' AS new`, /ATTACH/],
    [`\u{feff}attach '${directory}/new.db' AS new`, /ATTACH/],
    [`VACUUM INTO '${directory}/new.db'`, /VACUUM/],
    ['CREATE TEMP TABLE a (b)', /CREATE/],
    ['BEGIN', /BEGIN/],
    [';SELECT 1', /;/],
    [
      'WITH a AS (SELECT 1) INSERT INTO dns_name (dns_name) SELECT * FROM a RETURNING 1',
      /only read|readonly|query_only/,
    ],
    ['SELECT 1; SELECT 2', /more than one statement/],
    ['SELECT 1; DELETE FROM session', /more than one statement/],
    [`SELECT load_extension('evil.so')`, /not authorized/],
    [`SELECT writefile('${directory}/new.db', 'a')`, /no such function/],
    [`SELECT readfile('/etc/passwd')`, /no such function/],
    ['', /no statement/],
    ['  -- nothing', /no statement/],
    ['/* open', /no statement/],
    ['SELECT nonesuch FROM connects', /no such column: nonesuch/],
    ['SELECT FROM', /syntax error/],
    ['SELECT ?', /parameters have names/],
    ['SELECT ?1, @a', /parameters have names/],
  ])('E_SQL: %s (SEC-43)', (sql, reason) => {
    const file = makeFile()
    const bytes = readFileSync(file)
    const error = failureOf(file, sql)
    expect(error.code).toBe('E_SQL')
    expect(error.reason).toMatch(reason)
    expect(error.hint).toContain('remote_address')
    expect(readFileSync(file).equals(bytes)).toBe(true)
    expect(readdirSync(dirname(file)).filter((name) => !name.startsWith('trace.db'))).toEqual([])
    expect(existsSync(directory)).toBe(false)
  })

  test.each([
    '/* a */ -- b\n select 1',
    'VALUES (1)',
    `WITH a AS (SELECT ';' AS ":no", [x] FROM (SELECT 1 AS x)) SELECT 1 /* :none */ -- :none`,
    'EXPLAIN SELECT 1',
    'explain query plan select * from connects',
    'SELECT 1;',
    'SELECT 1; -- and that is all',
  ])('%s is accepted', (sql) => {
    expect(runSql(makeFile(), sql).rows.length).toBeGreaterThan(0)
  })

  test('the hint lists the existing columns', () => {
    const file = makeFile()
    const { hint } = failureOf(file, 'SELECT nonesuch')
    const names = Object.keys(queryTrace<object>(file, 'SELECT * FROM connects LIMIT 1')[0]!)
    expect(hint.replace(/^.* has /, '').split(', ')).toEqual(names)
  })
})

describe('parameters', () => {
  test('are bound with the type that they look like', () => {
    const sql = `SELECT typeof(:a), typeof(:b), typeof(:c), typeof(:d), ':e', :a + 1`
    const values = { a: '41', b: '1.5', c: '10.0.0.1', d: '-7' }
    expect(runSql(makeFile(), sql, { values }).rows).toEqual([['integer', 'real', 'text', 'integer', ':e', 42]])
  })

  test('can be used in LIMIT, and above 2^53', () => {
    const values = { n: '2', big: '900719925474099312' }
    expect(runSql(makeFile(), 'SELECT :big FROM connects LIMIT :n', { values }).rows).toEqual([
      [900_719_925_474_099_312n],
      [900_719_925_474_099_312n],
    ])
  })

  test('without a value are a usage error', () => {
    expect(failureOf(makeFile(), 'SELECT :name')).toBeInstanceOf(UsageError)
  })
})

/** A path that does not exist. */
function makeDirectoryName(): string {
  return join('/tmp', `tcpconn-test-none-${process.pid}`)
}

test('a refused ATTACH creates no file', () => {
  const directory = makeTemporaryDirectory()
  failureOf(makeFile(), `ATTACH '${directory}/a.db' AS a`)
  expect(readdirSync(directory)).toEqual([])
})
