import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NO_LOSS } from '../../src/attempt/loss-causes.js'
import { FLEET_TABLES, type TraceTableName } from '../../src/fleet/trace-tables.js'
import { makeHardTrace } from '../analyze/export/hard-trace.js'
import { makeSampleTrace } from '../analyze/sample-trace.js'
import { packEvents } from '../record/make-events.js'
import { createWriter } from '../record/new-trace.js'
import { createRandom } from '../store/random.js'
import { ADMIN, startClickhouse, type ClickhouseServer } from '../support/clickhouse-server.js'
import { REPOSITORY } from '../support/repository.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'
import { runTool, startTool } from '../support/tool.js'
import { waitUntil } from '../support/wait-until.js'
import { readAttemptRows, readTable, restoreAttemptRows, restoreTable, SHARED_TABLES } from './fleet-rows.js'

const TABLES = Object.keys(FLEET_TABLES) as TraceTableName[]

let server: ClickhouseServer
beforeAll(async () => {
  server = await startClickhouse()
  await server.migrate()
})
afterAll(() => server[Symbol.asyncDispose]())

/** Pushes, and returns the number of attempts that were pushed now. */
async function push(...paths: readonly string[]): Promise<number> {
  const { status, stdout, stderr } = await runTool(['push', ...paths, ...server.options('--to')])
  expect([status, stderr]).toEqual([0, ''])
  return Number(/^pushed ([\d,]+) attempts? to/.exec(stdout)?.[1]?.replaceAll(',', ''))
}

/** Expects every row of the trace on the server, and no others. */
async function expectOnServer(file: string, host: string): Promise<void> {
  expect(await restoreAttemptRows(server, host)).toEqual(readAttemptRows(file))
  for (const source of TABLES) {
    const [expected, found] = [readTable(file, source), await restoreTable(server, host, source)]
    if (SHARED_TABLES.includes(source)) expect(expected, source).toEqual(expect.arrayContaining([...found]))
    else expect(found, source).toEqual(expected)
  }
}

/** The join of docs/fleet.md that has names found later, for the attempts of a host. */
function readJoin(host: string): string {
  const text = readFileSync(join(REPOSITORY, 'docs/fleet.md'), 'utf8')
  const sql = /### Names that are found later.*?```sql\n(.*?)```/s.exec(text)?.[1] ?? ''
  return sql.replaceAll(/\b(FROM|JOIN) /g, '$1 fleet.').replace(/WHERE .*/, `WHERE a.host = '${host}'`)
}

/** Expects the rows of all traces of a directory, each as often as there are traces with it, and no others. */
async function expectAllOnServer(directory: string, host: string): Promise<void> {
  const files = readdirSync(directory).map((name) => join(directory, name))
  const sorted = (rows: readonly (readonly (string | null)[])[]) => rows.map((row) => JSON.stringify(row)).toSorted()
  for (const source of TABLES) {
    const expected = files.flatMap((file) => readTable(file, source))
    expect(sorted(await restoreTable(server, host, source, false)), source).toEqual(sorted(expected))
  }
}

/** Counts all stored rows of a host, also repeated ones. */
async function countRows(host: string): Promise<number> {
  const [row] = await server.query<{ rows: number }>(
    `SELECT toUInt32(count()) AS rows FROM fleet.attempts WHERE host = '${host}'`,
  )
  return row!.rows
}

/** Closed traces of one host in a directory, with a session each. */
function makeTraces(host: string, count: number, attempts: number): string {
  const directory = makeTemporaryDirectory()
  for (let i = 0; i < count; i++) {
    const events = Array.from({ length: attempts }, (_, number) => ({ startedNs: BigInt(number) }))
    const { db, file } = makeSampleTrace({ batches: [events, null] })
    db.prepare('UPDATE session SET host = ?, started_unix_ns = started_unix_ns + ?').run(
      host,
      BigInt(i + 1) * 1_000_000_000n,
    )
    db.pragma('journal_mode = DELETE')
    db.close()
    copyFileSync(file, join(directory, `trace-${i}.db`))
  }
  return directory
}

describe('push', () => {
  test('pushes every row of a trace once, with names that are code elsewhere (SEC-102)', async () => {
    const host = 'a`); DROP TABLE attempts; -- \\ {x:String}'
    const file = makeHardTrace({ host })
    const count = readAttemptRows(file)['connect_attempt']!.length
    expect(await push(file)).toBe(count)
    await expectOnServer(file, host.replaceAll('\\', '\\\\'))
    expect(await push(file)).toBe(0)
    expect(await countRows(host.replaceAll('\\', '\\\\'))).toBe(count)
  })

  test('pushes what a session got since the last push, and names that were found later', async () => {
    const trace = makeSampleTrace({ batches: [[{ startedNs: 1n, uid: 33 }, { startedNs: 2n }]], goodbye: false })
    trace.db.exec(`UPDATE session SET host = 'late'; UPDATE process SET user = NULL; UPDATE cgroup SET path = NULL`)
    expect(await push(trace.file)).toBe(2)
    await expectOnServer(trace.file, 'late')
    const writer = createWriter({ db: trace.db, sessionId: 1 })
    const packed = packEvents([{ startedNs: 3n }])
    writer.write(packed, packed.source, NO_LOSS, 2e9)
    trace.db.exec(
      `UPDATE process SET user = 'found'; UPDATE cgroup SET path = '/found'; UPDATE session SET duration_ns = 1, end_reason = 'duration'`,
    )
    expect(await push(trace.file)).toBe(1)
    await expectOnServer(trace.file, 'late')
    const counts = await server.query<{ user: string; cgroup: string; attempts: string }>(readJoin('late'))
    expect(counts.map(({ user, cgroup }) => [user, cgroup])).toEqual([['found', '/found']])
    expect(counts.map(({ attempts }) => Number(attempts))).toEqual([3])
    trace.db.close()
  })

  test('pushes the traces of a directory, of every format version, and leaves other files out', async () => {
    const directory = makeTemporaryDirectory()
    for (const version of [1, 8]) {
      const path = join(directory, `version-${version}.db`)
      copyFileSync(join(REPOSITORY, `test/store/formats/version-${version}.db`), path)
      const db = new Database(path)
      db.prepare('UPDATE session SET host = ?').run(`version-${version}`)
      db.close()
    }
    writeFileSync(join(directory, 'notes.db'), 'no trace')
    mkdirSync(join(directory, 'more.db'))
    expect(await push(directory)).toBeGreaterThan(0)
    await expectOnServer(join(directory, 'version-8.db'), 'version-8')
    const old = join(directory, 'version-1.db')
    const { connect_attempt: attempts } = readAttemptRows(join(directory, 'version-8.db'))
    expect((await restoreAttemptRows(server, 'version-1'))['connect_attempt']).toHaveLength(
      (readSqliteCount(old) || attempts?.length) ?? 0,
    )
  })

  test('reports a damaged trace, and pushes the others', async () => {
    const directory = makeTraces('beside-damage', 2, 3)
    const damaged = join(directory, 'trace-0.db')
    const bytes = readFileSync(damaged)
    writeFileSync(damaged, bytes.fill(0xff, 4096, 8192))
    const { status, stdout, stderr } = await runTool(['push', directory, ...server.options('--to')])
    expect([status, stdout]).toEqual([1, expect.stringContaining('pushed 3 attempts')])
    expect(stderr).toContain('[E_DAMAGED_TRACE]')
    expect(await countRows('beside-damage')).toBe(3)
  })

  test('reports a file of a directory that cannot be read, and pushes the others', async () => {
    const directory = makeTraces('beside-unreadable', 2, 3)
    chmodSync(join(directory, 'trace-0.db'), 0)
    const under = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : []
    const { status, stdout, stderr } = await runTool(['push', directory, ...server.options('--to')], { under })
    expect([status, stdout]).toEqual([1, expect.stringContaining('pushed 3 attempts')])
    expect(stderr).toContain('trace-0.db')
    expect(stderr).toContain('[E_CANNOT_OPEN]')
  })

  test('pushes a shared trace, but not beside its original', async () => {
    const directory = makeTraces('shared', 1, 3)
    const [original, shared] = [join(directory, 'trace-0.db'), join(directory, 'shared.db')]
    const keep = ['--keep', 'host,boot,pids,time,kernel']
    const sharing = await runTool(['share', original, '-o', shared, ...keep])
    expect([sharing.status, sharing.stderr]).toEqual([0, expect.any(String)])
    expect(await push(shared)).toBe(3)
    const { status, stderr } = await runTool(['push', original, ...server.options('--to')])
    expect(status).toBe(1)
    expect(stderr).toContain('[E_FLEET_OTHER_COPY]')
  })
})

function readSqliteCount(file: string): number {
  const db = new Database(file, { readonly: true })
  try {
    return db.prepare('SELECT count(*) FROM connect_attempt').pluck().get() as number
  } finally {
    db.close()
  }
}

describe('exactly once', () => {
  test('nothing is lost or counted twice when pusher and server are killed at any moment', async () => {
    const random = createRandom(7)
    const directory = makeTraces('killed', 6, 4000)
    for (let round = 0; round < 6; round++) {
      const pushing = startTool(['push', directory, ...server.options('--to')])
      await setTimeout(300 + random() * 1500)
      pushing.child.kill('SIGKILL')
      if (round % 3 === 2) {
        await server.kill()
        await server.start()
      }
      await pushing.finished
    }
    const { status } = await runTool(['push', directory, ...server.options('--to')])
    expect(status).toBe(0)
    const [row] = await server.query(
      `SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(session_uuid, attempt_id)) AS attempts FROM fleet.attempts FINAL WHERE host = 'killed'`,
    )
    expect(row).toEqual({ rows: 24_000, attempts: 24_000 })
    const sessions = await server.query(
      `SELECT session_uuid FROM fleet.trace_session FINAL WHERE host = 'killed' AND is_whole`,
    )
    expect(sessions).toHaveLength(6)
    await expectAllOnServer(directory, 'killed')
    expect(await push(directory)).toBe(0)
  })

  test('an attempt is stored after the rows that it refers to', async () => {
    const host = 'entities'
    const file = makeHardTrace({ host })
    for (const source of ['process', 'dns_name'] as const) {
      const table = `fleet.${FLEET_TABLES[source].name}`
      await server.query(`ALTER TABLE ${table} ADD CONSTRAINT nothing CHECK host != '${host}'`)
      expect((await runTool(['push', file, ...server.options('--to')])).status).toBe(1)
      expect(await countRows(host), source).toBe(0)
      await server.query(`ALTER TABLE ${table} DROP CONSTRAINT nothing`)
    }
    await push(file)
    await expectOnServer(file, host)
  })

  test('attempts of which only a part is stored are sent again', async () => {
    const directory = makeTraces('partly', 1, 10)
    expect(await push(directory)).toBe(10)
    // As a server that was killed between the parts of two days, before the row of the session.
    await server.query(
      `ALTER TABLE fleet.attempts DELETE WHERE host = 'partly' AND attempt_id < 4 SETTINGS mutations_sync = 1`,
    )
    await server.query(`ALTER TABLE fleet.trace_session DELETE WHERE host = 'partly' SETTINGS mutations_sync = 1`)
    // The server forgets the token of the insert with the parts of the table.
    await server.query(`OPTIMIZE TABLE fleet.attempts FINAL`)
    expect(await push(directory)).toBe(10)
  })

  test('what a server removed by --ttl is not pushed again', async () => {
    const directory = makeTraces('expired', 1, 10)
    expect(await push(directory)).toBe(10)
    await server.query(`ALTER TABLE fleet.attempts DELETE WHERE host = 'expired' SETTINGS mutations_sync = 1`)
    expect(await push(directory)).toBe(0)
    expect(await countRows('expired')).toBe(0)
  })
})

describe('errors of the server', () => {
  const pushTo = (url: string) =>
    runTool(['push', makeTraces('errors', 1, 1), '--to', url, '--password-file', server.passwordFile()])

  test('a database without tables, of another version, and a server that is away have their own errors', async () => {
    expect((await pushTo(server.url(ADMIN, 'nowhere'))).stderr).toContain('[E_FLEET_NO_SCHEMA]')
    await server.query('CREATE DATABASE empty')
    expect((await pushTo(server.url(ADMIN, 'empty'))).stderr).toContain('[E_FLEET_NO_SCHEMA]')
    await server.query('CREATE DATABASE newer')
    await server.query('CREATE TABLE newer.schema_version (version UInt32) ENGINE = TinyLog')
    expect((await pushTo(server.url(ADMIN, 'newer'))).stderr).toContain('[E_FLEET_NO_SCHEMA]')
    await server.query('INSERT INTO newer.schema_version VALUES (2)')
    expect((await pushTo(server.url(ADMIN, 'newer'))).stderr).toContain('[E_FLEET_SCHEMA_VERSION]')
    expect((await pushTo('clickhouse://admin@127.0.0.1:1/fleet')).stderr).toContain('[E_FLEET_UNREACHABLE]')
  })
})

describe('push --follow', () => {
  test('pushes what is recorded, new files, and after the server was away; it ends cleanly', async () => {
    const { db, file } = makeSampleTrace({ batches: [[{ startedNs: 1n }]], goodbye: false })
    db.exec(`UPDATE session SET host = 'followed'`)
    // As a recorder does: the file itself shows that it is a trace.
    db.pragma('wal_checkpoint(PASSIVE)')
    const directory = join(file, '..')
    const following = startTool(['push', directory, ...server.options('--to'), '--follow', '--interval', '1s'])
    const rows = `SELECT attempt_id FROM fleet.attempts WHERE host = 'followed'`
    await server.waitForRows(rows, 1)
    const packed = packEvents([{ startedNs: 2n }, { startedNs: 3n }])
    createWriter({ db, sessionId: 1 }).write(packed, packed.source, NO_LOSS, 2e9)
    await server.waitForRows(rows, 3)
    expect(following.errors()).toBe('')
    await server.kill()
    copyFileSync(join(makeTraces('followed', 1, 5), 'trace-0.db'), join(directory, 'next.db'))
    while (!following.errors().includes('E_FLEET_UNREACHABLE')) await setTimeout(50)
    await server.start()
    await server.waitForRows(rows, 8)
    following.child.kill('SIGTERM')
    const { status, stdout, stderr } = await following.finished
    expect([status, stdout]).toEqual([0, ''])
    expect(stderr.trim().split('\n')).toHaveLength(2)
    db.close()
  })

  test('a directory that cannot be listed is reported once, and again when that changes', async () => {
    const directory = join(makeTemporaryDirectory(), 'traces')
    const following = startTool(['push', directory, ...server.options('--to'), '--follow', '--interval', '1s'])
    const lines = () => following.errors().trim().split('\n')
    await waitUntil('the first report', () => following.errors().includes('ENOENT'))
    // A link to itself.
    symlinkSync(directory, directory)
    await waitUntil('the second report', () => following.errors().includes('ELOOP'))
    symlinkSync(makeTraces('listed', 1, 3), `${directory}-next`)
    renameSync(`${directory}-next`, directory)
    await server.waitForRows(`SELECT attempt_id FROM fleet.attempts WHERE host = 'listed'`, 3)
    following.child.kill('SIGTERM')
    expect((await following.finished).status).toBe(0)
    expect(lines()).toEqual([
      expect.stringMatching(/^cannot open .*ENOENT.*; push tries again \[E_NO_SUCH_FILE\]$/),
      expect.stringMatching(/^cannot open .*ELOOP.*; push tries again \[E_NO_SUCH_FILE\]$/),
      `${directory} can be read now`,
    ])
  })
})
