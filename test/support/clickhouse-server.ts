import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { migrateFleet } from '../../src/fleet/migrate.js'
import { findFreePort } from './free-port.js'
import { REPOSITORY } from './repository.js'

const LIBRARY = `test/engines/node_modules/@chdb/lib-linux-${process.arch}-gnu/libchdb.so`
const DATABASE = 'fleet'

/** A user of the server. */
export interface ServerUser {
  readonly name: string
  readonly password: string
  /** Without them, the user may do everything */
  readonly grants?: readonly string[]
  /** By table: the condition of the rows that the user sees */
  readonly filters?: Readonly<Record<string, string>>
}

export const ADMIN: ServerUser = { name: 'admin', password: "adm'n <secret>&" }

export interface ClickhouseOptions {
  readonly users?: readonly ServerUser[]
  /** More elements of the configuration file */
  readonly configuration?: string | ((tcpPort: number) => string)
}

/** A ClickHouse server in a process of its own, on loopback. */
export interface ClickhouseServer {
  readonly httpPort: number
  /** Native protocol, which servers of a cluster use */
  readonly tcpPort: number
  readonly pid: number
  /** URL for the tool */
  url(user?: ServerUser, database?: string): string
  /** File with the password of a user, of mode 0600 */
  passwordFile(user?: ServerUser): string
  /** Options of the tool that name the server */
  options(option: '--to' | '--from', user?: ServerUser): string[]
  /** Rows of a statement of the administrator, as objects */
  query<Row = Record<string, unknown>>(sql: string): Promise<Row[]>
  /** Waits until a query has this many rows, or more */
  waitForRows(sql: string, count: number): Promise<void>
  /** Creates the tables of a fleet */
  migrate(): Promise<void>
  /** SIGKILL */
  kill(): Promise<void>
  /** The same data and ports in a new process */
  start(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts a server. It has the users, and no database but `default`. Whoever starts it disposes of it. */
export async function startClickhouse({ users = [], configuration = '' }: ClickhouseOptions = {}) {
  execFileSync(join(REPOSITORY, 'script/build-workloads'))
  const directory = mkdtempSync(join(tmpdir(), 'tcpconn-clickhouse-'))
  const library = realpathSync(join(REPOSITORY, LIBRARY))
  const [httpPort, tcpPort] = [await findFreePort(), await findFreePort()]
  mkdirSync(join(directory, 'data'))
  writeFileSync(join(directory, 'users.xml'), usersXml([ADMIN, ...users]))
  writeFileSync(
    join(directory, 'config.xml'),
    `<clickhouse><users_config>${directory}/users.xml</users_config>
     <logger><level>information</level><log>${directory}/log</log></logger>${typeof configuration === 'string' ? configuration : configuration(tcpPort)}</clickhouse>`,
  )
  let running: ChildProcess | null = null
  const request = async (sql: string): Promise<string> => {
    const headers = { 'X-ClickHouse-User': ADMIN.name, 'X-ClickHouse-Key': ADMIN.password }
    const answer = await fetch(`http://127.0.0.1:${httpPort}/`, { method: 'POST', body: sql, headers })
    const text = await answer.text()
    if (!answer.ok) throw new Error(text)
    return text
  }
  const server: ClickhouseServer = {
    httpPort,
    tcpPort,
    get pid() {
      return running?.pid ?? -1
    },
    url: ({ name } = ADMIN, database = DATABASE) => `clickhouse://${name}@127.0.0.1:${httpPort}/${database}`,
    passwordFile({ name, password } = ADMIN) {
      const path = join(directory, `password-${name}`)
      if (!existsSync(path)) writeFileSync(path, `${password}\n`, { mode: 0o600 })
      return path
    },
    options: (option, user) => [option, server.url(user), '--password-file', server.passwordFile(user)],
    async query<Row>(sql: string) {
      const text = await request(sql.startsWith('SELECT') ? `${sql} FORMAT JSONEachRow` : sql)
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Row)
    },
    async waitForRows(sql, count) {
      while ((await server.query(sql)).length < count) await setTimeout(50)
    },
    async migrate() {
      await migrateFleet(server.url(), { passwordFile: server.passwordFile() })
    },
    async kill() {
      const child = running
      running = null
      if (child === null || child.exitCode !== null) return
      const isGone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await isGone
    },
    async start() {
      running = spawn(join(REPOSITORY, 'build/workload/clickhouse-local'), [
        library,
        '--path',
        join(directory, 'data'),
        '--listen_host=127.0.0.1',
        `--http_port=${httpPort}`,
        `--tcp_port=${tcpPort}`,
        '--config-file',
        join(directory, 'config.xml'),
        '-q',
        LISTEN,
      ])
      let errors = ''
      running.stderr?.on('data', (bytes: Buffer) => (errors += bytes.toString()))
      const child = running
      while (!(await isListening(httpPort))) {
        if (child.exitCode !== null) throw new Error(`ClickHouse ended: ${errors}`)
        await setTimeout(50)
      }
    },
    async [Symbol.asyncDispose]() {
      await server.kill()
      rmSync(directory, { recursive: true, force: true })
    },
  }
  await server.start()
  return server
}

/** Runs until the process is killed. */
const LISTEN = `SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP;
  SELECT sleepEachRow(3) FROM system.numbers FORMAT Null SETTINGS max_block_size = 1`

async function isListening(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/ping`)).ok
  } catch {
    return false
  }
}

/** The user `default` runs the statement of the process itself. */
function usersXml(users: readonly ServerUser[]): string {
  const common = '<profile>default</profile><quota>default</quota>'
  const all = users.map(
    ({ name, password, grants, filters = {} }) => `<${name}>
      <password>${escapeXml(password)}</password><networks><ip>127.0.0.1</ip></networks>${common}
      ${grants === undefined ? '<access_management>1</access_management>' : `<grants>${grants.map((grant) => `<query>${escapeXml(grant)}</query>`).join('')}</grants>`}
      <databases><${DATABASE}>${Object.entries(filters)
        .map(([table, filter]) => `<${table}><filter>${escapeXml(filter)}</filter></${table}>`)
        .join('')}</${DATABASE}></databases></${name}>`,
  )
  return `<clickhouse><profiles><default/></profiles><quotas><default/></quotas><users>
    <default><password></password><networks><ip>127.0.0.1</ip></networks>${common}</default>${all.join('')}</users></clickhouse>`
}

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
