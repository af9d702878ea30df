import { ClickHouseError } from '@clickhouse/client'
import { messageOf, TcpconnError } from '../base/errors.js'
import { CERTIFICATE_CODE, networkCodeOf, SOCKET_CODE } from '../base/network-error.js'

/** What is wrong, by the name of an error of ClickHouse: https://clickhouse.com/docs/native-protocol/server#exception */
const CODES: Readonly<Record<string, keyof typeof KINDS>> = {
  AUTHENTICATION_FAILED: 'authentication',
  REQUIRED_PASSWORD: 'authentication',
  UNKNOWN_USER: 'authentication',
  WRONG_PASSWORD: 'authentication',
  IP_ADDRESS_NOT_ALLOWED: 'authentication',
  ACCESS_DENIED: 'forbidden',
  VIOLATED_CONSTRAINT: 'otherHost',
  READONLY: 'forbidden',
  UNKNOWN_DATABASE: 'noSchema',
  UNKNOWN_TABLE: 'noSchema',
  TOO_MANY_PARTS: 'overloaded',
  TOO_MANY_SIMULTANEOUS_QUERIES: 'overloaded',
  SERVER_OVERLOADED: 'overloaded',
  CANNOT_SCHEDULE_TASK: 'overloaded',
  ABORTED: 'overloaded',
  MEMORY_LIMIT_EXCEEDED: 'overloaded',
  TIMEOUT_EXCEEDED: 'overloaded',
  QUOTA_EXCEEDED: 'overloaded',
  NOT_ENOUGH_SPACE: 'overloaded',
  QUERY_WAS_CANCELLED: 'overloaded',
  TABLE_IS_READ_ONLY: 'overloaded',
  TOO_FEW_LIVE_REPLICAS: 'overloaded',
  NO_ZOOKEEPER: 'overloaded',
  KEEPER_EXCEPTION: 'overloaded',
  ALL_CONNECTION_TRIES_FAILED: 'overloaded',
  NETWORK_ERROR: 'overloaded',
  SOCKET_TIMEOUT: 'overloaded',
  UNKNOWN_STATUS_OF_INSERT: 'overloaded',
}

const KINDS = {
  authentication: {
    code: 'E_FLEET_AUTHENTICATION',
    what: (address: string) => `${address} refused the user or the password`,
    hint: 'check the user in the URL, and the password in --password-file or TCPCONN_CLICKHOUSE_PASSWORD',
  },
  forbidden: {
    code: 'E_FLEET_FORBIDDEN',
    what: (address: string) => `the user of ${address} may not do this`,
    hint: 'docs/fleet.md lists the rights of each user',
  },
  otherHost: {
    code: 'E_FLEET_OTHER_HOST',
    what: (address: string) => `${address} refused rows of another host`,
    hint: 'a user host-NAME can push only traces of the host NAME; push those of a renamed host as a user of that name',
  },
  noSchema: {
    code: 'E_FLEET_NO_SCHEMA',
    what: (address: string) => `${address} does not have the tables of tcpconn`,
    hint: 'create them once, as an administrator: tcpconn fleet migrate --to URL',
  },
  overloaded: {
    code: 'E_FLEET_OVERLOADED',
    what: (address: string) => `${address} cannot do this at the moment`,
    hint: 'try again later; push --follow does so by itself',
  },
  unreachable: {
    code: 'E_FLEET_UNREACHABLE',
    what: (address: string) => `cannot reach ${address}`,
    hint: 'check that the server runs and listens for HTTP on this port; off loopback the port must speak TLS',
  },
  tls: {
    code: 'E_FLEET_TLS',
    what: (address: string) => `cannot trust the certificate of ${address}`,
    hint: 'name the certificate of its authority with --ca-file, and the server by a name that its certificate has',
  },
  refused: {
    code: 'E_FLEET_REFUSED',
    what: (address: string) => `${address} refused a request`,
    hint: 'see the reason; the log of the server has more',
  },
} as const

/** Errors after which the same request may succeed later. */
export const TEMPORARY_CODES: readonly string[] = [KINDS.overloaded.code, KINDS.unreachable.code]

/** An error without a kind of its own: of this request, or temporary. */
export const REFUSED_CODE: string = KINDS.refused.code

/** Errors of the data that were sent: other requests may succeed. */
export const DATA_CODES: readonly string[] = [KINDS.otherHost.code, REFUSED_CODE]

/** Errors of the server, which concern every request. */
export const SERVER_CODES: readonly string[] = [
  ...Object.values(KINDS)
    .map(({ code }) => code)
    .filter((code) => !DATA_CODES.includes(code)),
  'E_FLEET_SCHEMA_VERSION',
]

/** The client's own errors, and answers of a proxy before the server. */
const GONE =
  /timeout error|socket hang up|aborted|premature close|\b(429|502|503|504)\b|bad gateway|service unavailable/i
const MAX_REASON = 600

/**
 * The error of a request as a TcpconnError.
 * @param secret removed from the reason, should a server or proxy repeat it
 */
export function serverFault(address: string, thrown: unknown, secret = ''): TcpconnError {
  if (thrown instanceof TcpconnError) return thrown
  const { code, what, hint } = KINDS[kindOf(thrown)]
  const text = messageOf(thrown).trim() || messageOfAll(thrown) || 'no reason was given'
  const shown = secret === '' ? text : text.replaceAll(secret, '…')
  return new TcpconnError(code, { what: what(address), reason: shown.slice(0, MAX_REASON), hint })
}

function kindOf(thrown: unknown): keyof typeof KINDS {
  if (thrown instanceof ClickHouseError) return CODES[thrown.type ?? ''] ?? 'refused'
  const code = networkCodeOf(thrown)
  if (CERTIFICATE_CODE.test(code)) return 'tls'
  if (SOCKET_CODE.test(code) || GONE.test(messageOf(thrown))) return 'unreachable'
  return 'refused'
}

function messageOfAll(thrown: unknown): string {
  const { errors } = thrown as { errors?: unknown[] }
  return Array.isArray(errors) ? [...new Set(errors.map(messageOf))].join('; ') : networkCodeOf(thrown)
}
