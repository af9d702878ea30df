import type { Readable } from 'node:stream'
import { ClickHouseLogLevel, createClient, type ClickHouseSettings } from '@clickhouse/client'
import { TOOL_VERSION } from '../base/package.js'
import { readAuthorities } from '../options/read-authorities.js'
import { formatServerAddress, parseClickhouseUrl, type ServerAddress } from './parse-url.js'
import { readPassword } from './read-password.js'
import { serverFault } from './server-fault.js'

/** Options of every command that uses a server, as typed. */
export interface ServerOptions {
  /** File with the password in its first line */
  readonly passwordFile?: string
  /** File with certificates of authorities in PEM */
  readonly caFile?: string
}

export type QueryValue = string | number | bigint | readonly (string | number | bigint)[]

/** Bound parameters and settings of a statement. */
export interface StatementOptions {
  /** Values of `{name:Type}` in the statement */
  readonly values?: Readonly<Record<string, QueryValue>>
  readonly settings?: ClickHouseSettings
}

/** A ClickHouse server, reached over HTTP. All errors are TcpconnErrors without secrets. */
export interface Server {
  readonly address: ServerAddress
  /** Rows of a query as objects. 64-bit integers are texts. @throws the errors of `serverFault` */
  query<Row>(sql: string, options?: StatementOptions): Promise<Row[]>
  /** The result of a query as bytes of a format: `sql` ends in FORMAT. Its iteration throws the errors of `serverFault` too. */
  read(sql: string, options?: StatementOptions): Promise<AsyncIterable<Uint8Array>>
  /** Runs a statement without a result. */
  run(sql: string, options?: StatementOptions): Promise<void>
  /** Inserts bytes of a format: `sql` ends in FORMAT. Resolves when the server has stored them. */
  insert(sql: string, bytes: Readable, options?: StatementOptions): Promise<void>
  close(): Promise<void>
}

/** An answer may take this long: the server reads or writes a batch. */
const ANSWER_MS = 120_000
/** More parallel requests than any command makes wait for each other. */
const MAX_CONNECTIONS = 4

/** Settings that every request sends. Since ClickHouse 26.3 inserts are asynchronous by default: they would be acknowledged early. */
const SETTINGS: ClickHouseSettings = {
  async_insert: 0,
  distributed_foreground_insert: 1,
  skip_unavailable_shards: 0,
}

/** What a connection needs. */
export interface ServerAccess {
  readonly address: ServerAddress
  readonly password: string
  /** Certificates in PEM; `null`: those of Node */
  readonly authorities: Buffer | null
}

/**
 * Reads the options of a server, once.
 * @param option that has the URL
 * @throws UsageError, E_PASSWORD_FILE, E_CANNOT_OPEN
 */
export function readAccess(option: string, url: string, { passwordFile, caFile }: ServerOptions): ServerAccess {
  const address = parseClickhouseUrl(option, url)
  const authorities = caFile === undefined ? null : readAuthorities(caFile)
  return { address, password: readPassword(passwordFile), authorities }
}

/**
 * Prepares to use a server; nothing is sent yet. TLS is used unless the host is a loopback address, and there too with `--ca-file`.
 * @param withDatabase false: the database may not exist yet
 */
export function connectServer({ address, password, authorities }: ServerAccess, withDatabase = true): Server {
  const isEncrypted = !address.isLoopback || authorities !== null
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  const client = createClient({
    url: `${isEncrypted ? 'https' : 'http'}://${host}:${address.port}`,
    username: address.user,
    password,
    ...(withDatabase ? { database: address.database } : {}),
    ...(authorities === null ? {} : { tls: { ca_cert: authorities } }),
    application: `tcpconn/${TOOL_VERSION}`,
    request_timeout: ANSWER_MS,
    max_open_connections: MAX_CONNECTIONS,
    clickhouse_settings: SETTINGS,
    // Its log has whole requests.
    log: { level: ClickHouseLogLevel.OFF },
  })
  const faultOf = (error: unknown) => serverFault(formatServerAddress(address), error, password)
  const guard = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      return await run()
    } catch (error) {
      throw faultOf(error)
    }
  }
  const sent = ({ values = {}, settings = {} }: StatementOptions = {}) => ({
    query_params: { ...values },
    clickhouse_settings: settings,
  })
  return {
    address,
    query: (sql, options) =>
      guard(async () => {
        const result = await client.query({ query: sql, format: 'JSONEachRow', ...sent(withQuotedLongs(options)) })
        return await result.json()
      }),
    read: (sql, options) =>
      guard(async () => guardBytes((await client.exec({ query: sql, ...sent(options) })).stream, faultOf)),
    run: (sql, options) => guard(async () => void (await client.command({ query: sql, ...sent(options) }))),
    insert: (sql, bytes, options) =>
      guard(async () => {
        const { stream } = await client.exec({ query: sql, values: bytes, ...sent(options) })
        for await (const _ of stream);
      }),
    close: () => client.close(),
  }
}

/** The bytes of an answer; an error of its connection is that of the server. */
async function* guardBytes(stream: Readable, faultOf: (error: unknown) => Error): AsyncGenerator<Uint8Array> {
  const chunks = (stream as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
  let fault: Error | null = null
  const fail = (error: unknown) => void (fault = faultOf(error))
  try {
    for (;;) {
      const next = await chunks.next().catch(fail)
      if (!next || next.done) break
      yield next.value
    }
    if (fault === null) return
    // The server closes the connection after an error in its answer: the text is in the buffer, which the iteration drops.
    for (let left: unknown; (left = stream.read()) !== null;) yield left as Uint8Array
    throw fault
  } finally {
    await chunks.return?.()
  }
}

/** A double cannot hold a 64-bit integer. */
function withQuotedLongs({ settings, ...options }: StatementOptions = {}): StatementOptions {
  return { ...options, settings: { ...settings, output_format_json_quote_64bit_integers: 1 } }
}
