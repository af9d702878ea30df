import { UsageError } from '../base/errors.js'
import { isLoopback } from '../options/is-loopback.js'

/** A database of a ClickHouse server, as `clickhouse://USER@HOST:PORT/DATABASE` names it. */
export interface ServerAddress {
  readonly user: string
  /** A name or an address, without the brackets of IPv6 */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly isLoopback: boolean
}

const URL_SCHEME = 'clickhouse://'
const FORM = 'clickhouse://USER@HOST:PORT/DATABASE'
/** Ports of HTTP with and without TLS, as ClickHouse's own configuration has them. */
const [TLS_PORT, PLAIN_PORT] = [8443, 8123]
const DATABASE = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * Parses the URL of a fleet. Errors show it without a password.
 * @param option that has the URL
 * @throws UsageError
 */
export function parseClickhouseUrl(option: string, text: string): ServerAddress {
  const refuse = (reason: string) => new UsageError(option, hidePassword(text), `${FORM}: ${reason}`)
  if (!text.startsWith(URL_SCHEME)) throw refuse('the scheme is clickhouse')
  const url = parse(text)
  if (url === null) throw refuse('this is not a URL')
  if (url.password !== '' || /^[^/]*:[^/]*@/.test(text.slice(URL_SCHEME.length))) {
    throw refuse('a password on a command line is visible to all users of the host, so it comes from --password-file')
  }
  if (url.search !== '' || url.hash !== '') throw refuse('nothing follows the database')
  const user = decode(url.username)
  const database = decode(url.pathname.slice(1))
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (!user) throw refuse('the user is missing')
  if (host === '') throw refuse('the host is missing')
  if (database === null || !DATABASE.test(database)) throw refuse('DATABASE has letters, digits and underscores')
  const isLocal = isLoopback(host)
  const port = url.port === '' ? (isLocal ? PLAIN_PORT : TLS_PORT) : Number(url.port)
  if (port === 0) throw refuse('the port is from 1 to 65535')
  return { user, host, port, database, isLoopback: isLocal }
}

/** The address as users type it. */
export function formatServerAddress({ user, host, port, database }: ServerAddress): string {
  return `${URL_SCHEME}${encodeURIComponent(user)}@${host.includes(':') ? `[${host}]` : host}:${port}/${database}`
}

/** Everything between the user and the host may be a password, and everything from the first `?` or `#`. */
function hidePassword(text: string): string {
  const [, scheme = '', rest = ''] = /^((?:clickhouse|https?):\/\/)?(.*)$/is.exec(text) ?? []
  const [, head = '', tail = ''] = /^([^?#]*)(.*)$/s.exec(rest) ?? []
  const user = /^([^:]*):/.exec(head)?.[1]
  // A password may have these characters too.
  if (user !== undefined && tail.includes('@')) return `${scheme}${user}:…`
  const shown = head.replace(/^([^:]*):.*@/s, '$1:…@')
  return `${scheme}${shown}${tail === '' ? '' : `${tail.charAt(0)}…`}`
}

function parse(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
