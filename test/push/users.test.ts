import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { HOST_FILTERS, pushGrants, readGrants } from '../../src/fleet/user-statements.js'
import { makeSampleTrace } from '../analyze/sample-trace.js'
import { makeCertificate } from '../support/certificate.js'
import { startClickhouse, type ClickhouseServer, type ServerUser } from '../support/clickhouse-server.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'
import { runTool, startTool } from '../support/tool.js'

const hostUser = (host: string): ServerUser => ({
  name: `host-${host}`,
  password: `S3cret-of-${host}`,
  grants: pushGrants('fleet'),
  filters: HOST_FILTERS,
})
const [WEB1, WEB2] = [hostUser('web-1'), hostUser('web-2')]
const ANALYST: ServerUser = { name: 'analyst', password: 'S3cret-of-analyst', grants: readGrants('fleet') }

let server: ClickhouseServer
beforeAll(async () => {
  server = await startClickhouse({ users: [WEB1, WEB2, ANALYST] })
  await server.migrate()
})
afterAll(() => server[Symbol.asyncDispose]())

/** A closed trace of the host web-1, with three attempts. */
function makeTrace(): string {
  const { db, file } = makeSampleTrace({ batches: [[{ startedNs: 1n }, { startedNs: 2n }, { startedNs: 3n }]] })
  db.pragma('journal_mode = DELETE')
  db.close()
  return file
}

const pushAs = (user: ServerUser, file: string) => runTool(['push', file, ...server.options('--to', user)])

/** A request as a hostile host can make it, with its own password. */
async function requestAs({ name, password }: ServerUser, sql: string): Promise<string> {
  const headers = { 'X-ClickHouse-User': name, 'X-ClickHouse-Key': password }
  const answer = await fetch(`http://127.0.0.1:${server.httpPort}/?database=fleet`, {
    method: 'POST',
    body: sql,
    headers,
  })
  return answer.text()
}

describe('users', () => {
  test('a host pushes and resumes with the rights of its user, and the server notes who pushed (SEC-101)', async () => {
    const file = makeTrace()
    expect(await pushAs(WEB1, file)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('3 attempts') as string,
    })
    expect(await pushAs(WEB1, file)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('0 attempts') as string,
    })
    expect(await server.query('SELECT DISTINCT host, pushed_by FROM fleet.attempts')).toEqual([
      { host: 'web-1', pushed_by: 'host-web-1' },
    ])
  })

  test('a hostile host can push only as itself, and sees nothing of other hosts (SEC-101)', async () => {
    await pushAs(WEB1, makeTrace())
    const { status, stderr } = await pushAs(WEB2, makeTrace())
    expect(status).toBe(1)
    expect(stderr).toContain('[E_FLEET_OTHER_HOST]')
    const row = `INSERT INTO attempts (host, session_uuid, attempt_id) VALUES`
    const uuid = '018bcfe5-687b-760a-8a94-0ade0f1f2c0f'
    expect(await requestAs(WEB2, `${row} ('web-1', '${uuid}', 1)`)).toContain('VIOLATED_CONSTRAINT')
    expect(await requestAs(WEB2, `${row} ('web-2', '${uuid}', 1), ('web-1', '${uuid}', 2)`)).toContain(
      'VIOLATED_CONSTRAINT',
    )
    const forged = `INSERT INTO attempts (host, session_uuid, attempt_id, pushed_by) VALUES ('web-2', '${uuid}', 1, 'host-web-1')`
    expect(await requestAs(WEB2, forged)).toContain('MATERIALIZED')
    expect(await requestAs(WEB2, 'SELECT count() FROM attempts WHERE attempt_id > 0')).toBe('0\n')
    expect(await requestAs(WEB2, 'SELECT count(host) FROM trace_session')).toBe('0\n')
    for (const sql of [
      'SELECT remote_address FROM attempts',
      'SELECT dns_name FROM trace_dns_name',
      'INSERT INTO schema_version (version) VALUES (2)',
      `ALTER TABLE attempts DELETE WHERE host = 'web-1'`,
      'TRUNCATE TABLE attempts',
      'DROP TABLE attempts',
      'CREATE TABLE fleet.mine (n Int8) ENGINE = Memory',
    ]) {
      expect(await requestAs(WEB2, sql), sql).toContain('ACCESS_DENIED')
    }
  })

  test('a file of another host is reported once, and the other files are pushed', async () => {
    const directory = makeTemporaryDirectory()
    const other = join(directory, '1.db')
    for (const [i, host] of ['web-2', 'old-name', 'web-2'].entries()) {
      const { db, file } = makeSampleTrace({ batches: [[{ startedNs: 1n }]] })
      db.prepare('UPDATE session SET host = ?, started_unix_ns = started_unix_ns + ?').run(
        host,
        BigInt(i + 1) * 1_000_000_000n,
      )
      db.exec(`UPDATE session SET rotation_base = 'a.db'`)
      db.pragma('journal_mode = DELETE')
      db.close()
      copyFileSync(file, join(directory, `${i}.db`))
    }
    const { status, stdout, stderr } = await runTool(['push', directory, ...server.options('--to', WEB2)])
    expect([status, stdout]).toEqual([1, expect.stringContaining('pushed 2 attempts')])
    expect(stderr).toContain(`cannot push ${other}`)
    expect(stderr).toContain('[E_FLEET_OTHER_HOST]')
    await server.query(`ALTER TABLE fleet.attempts DELETE WHERE host = 'web-2' SETTINGS mutations_sync = 1`)
    await server.query(`ALTER TABLE fleet.trace_session DELETE WHERE host = 'web-2' SETTINGS mutations_sync = 1`)
    const following = startTool(['push', directory, ...server.options('--to', WEB2), '--follow', '--interval', '1s'])
    await server.waitForRows(`SELECT 1 FROM fleet.trace_session FINAL WHERE host = 'web-2' AND is_whole`, 2)
    // `record --keep` may remove it.
    while (spawnSync('flock', ['--nonblock', other, 'true']).status !== 0) await setTimeout(50)
    following.child.kill('SIGTERM')
    const finished = await following.finished
    expect(finished.status).toBe(0)
    expect(finished.stderr.match(/E_FLEET_OTHER_HOST/g)).toHaveLength(1)
  })

  test('a user who only reads cannot push, and sees all hosts (SEC-101)', async () => {
    await pushAs(WEB1, makeTrace())
    expect(await requestAs(ANALYST, 'SELECT count() > 0 FROM attempts')).toBe('1\n')
    const row = `INSERT INTO attempts (host) VALUES ('x')`
    expect(await requestAs(ANALYST, row)).toContain('ACCESS_DENIED')
  })

  test('push and its user change no table (SEC-103)', async () => {
    expect(pushGrants('fleet').filter((grant) => !/^GRANT (INSERT|SELECT\()/.test(grant))).toEqual([])
    expect((await runTool(['fleet', 'migrate', ...server.options('--to', WEB1)])).stderr).toContain(
      '[E_FLEET_FORBIDDEN]',
    )
  })
})

describe('secrets', () => {
  test('a wrong password ends the push with an error that does not repeat it (SEC-99)', async () => {
    const password = join(makeTemporaryDirectory(), 'password')
    writeFileSync(password, 'Wr0ng-S3cret\n', { mode: 0o600 })
    for (const more of [[], ['--follow']]) {
      const to = ['--to', server.url(WEB1), '--password-file', password]
      const { status, stdout, stderr } = await runTool(['push', makeTrace(), ...to, ...more])
      expect([status, stdout]).toEqual([1, ''])
      expect(stderr).toContain('[E_FLEET_AUTHENTICATION]')
      expect(stderr).not.toContain('S3cret')
    }
  })

  test('the password comes from the environment too, and no command line has it (SEC-99)', async () => {
    await server.query(`ALTER TABLE fleet.trace_session DELETE WHERE 1 SETTINGS mutations_sync = 1`)
    const env = { TCPCONN_CLICKHOUSE_PASSWORD: WEB1.password }
    const pushing = startTool(['push', makeTrace(), '--to', server.url(WEB1), '--follow', '--interval', '1s'], { env })
    await server.waitForRows(`SELECT 1 FROM fleet.trace_session WHERE host = 'web-1' AND is_whole`, 1)
    expect(readFileSync(`/proc/${pushing.pid}/cmdline`, 'latin1')).not.toContain('S3cret')
    pushing.child.kill('SIGTERM')
    expect(await pushing.finished).toMatchObject({ status: 0, stdout: '', stderr: '' })
  })

  test('a password file that others may read is refused (SEC-99)', async () => {
    const password = join(makeTemporaryDirectory(), 'password')
    writeFileSync(password, WEB1.password, { mode: 0o644 })
    const { status, stderr } = await runTool(['push', 'x', '--to', server.url(WEB1), '--password-file', password])
    expect(status).toBe(1)
    expect(stderr).toContain('[E_PASSWORD_FILE]')
  })

  test('a password in the URL is refused, and not repeated (SEC-99)', async () => {
    const { status, stderr } = await runTool(['push', 'x', '--to', 'clickhouse://u:S3cret@127.0.0.1:1/fleet'])
    expect(status).toBe(2)
    expect(stderr).toContain('--password-file')
    expect(stderr).not.toContain('S3cret')
  })
})

describe('TLS', () => {
  /** A proxy that speaks TLS before the server. */
  async function startProxy() {
    const { key, certificate } = makeCertificate()
    const proxy = createTlsServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (incoming, outgoing) => {
      const { url, method, headers } = incoming
      const forward = httpRequest(
        { host: '127.0.0.1', port: server.httpPort, path: url, method, headers },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
          answer.pipe(outgoing)
        },
      )
      incoming.pipe(forward)
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void proxy.close())
    return { certificate, url: `clickhouse://${WEB1.name}@127.0.0.1:${(proxy.address() as AddressInfo).port}/fleet` }
  }

  test('the certificate of the server is checked with --ca-file (SEC-100)', async () => {
    const { url, certificate } = await startProxy()
    const to = ['--to', url, '--password-file', server.passwordFile(WEB1)]
    expect(await runTool(['push', makeTrace(), ...to, '--ca-file', certificate])).toMatchObject({
      status: 0,
      stderr: '',
    })
    const other = (await startProxy()).certificate
    const { status, stderr } = await runTool(['push', makeTrace(), ...to, '--ca-file', other])
    expect(status).toBe(1)
    expect(stderr).toContain('[E_FLEET_TLS]')
  })

  test('off loopback nothing is sent without TLS (SEC-100)', async () => {
    const seen: Buffer[] = []
    const plain = createServer()
    plain.on('connection', (socket) => socket.on('data', (bytes: Buffer) => seen.push(bytes)).on('error', () => {}))
    await new Promise<void>((resolve) => plain.listen(0, '0.0.0.0', resolve))
    onTestFinished(() => void plain.close())
    const { port } = plain.address() as AddressInfo
    // An address of this host that is not a loopback address by its text.
    const to = ['--to', `clickhouse://${WEB1.name}@0.0.0.0:${port}/fleet`, '--password-file', server.passwordFile(WEB1)]
    const { status, stderr } = await runTool(['push', makeTrace(), ...to])
    expect(status).toBe(1)
    expect(stderr).toMatch(/\[E_FLEET_(UNREACHABLE|TLS)\]/)
    // A TLS handshake record.
    expect(Buffer.concat(seen)[0]).toBe(22)
    expect(Buffer.concat(seen).toString('latin1')).not.toContain('S3cret')
  })
})
