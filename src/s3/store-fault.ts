import { messageOf, TcpconnError } from '../base/errors.js'
import { fullTemporaryDirectory } from '../base/full-disk.js'
import { CERTIFICATE_CODE, networkCodeOf, SOCKET_CODE } from '../base/network-error.js'

/** What is wrong, by the name of an error of S3 or of its client: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const NAMES: Readonly<Record<string, keyof typeof KINDS>> = {
  CredentialsProviderError: 'credentials',
  InvalidAccessKeyId: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  ExpiredToken: 'credentials',
  InvalidToken: 'credentials',
  TokenRefreshRequired: 'credentials',
  RequestTimeTooSkewed: 'clock',
  AccessDenied: 'forbidden',
  AllAccessDisabled: 'forbidden',
  NoSuchBucket: 'noBucket',
  PermanentRedirect: 'region',
  AuthorizationHeaderMalformed: 'region',
  IllegalLocationConstraintException: 'region',
  SlowDown: 'unreachable',
  InternalError: 'unreachable',
  ServiceUnavailable: 'unreachable',
  RequestTimeout: 'unreachable',
  TimeoutError: 'unreachable',
  OperationAborted: 'unreachable',
  ConditionalRequestConflict: 'unreachable',
}

const KINDS = {
  credentials: {
    code: 'E_BUCKET_CREDENTIALS',
    what: (place: string) => `no valid credentials for ${place}`,
    hint: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; docs/fleet.md: Archive',
  },
  clock: {
    code: 'E_BUCKET_CREDENTIALS',
    what: (place: string) => `the clock of this host differs from that of ${place}`,
    hint: 'set the clock: requests are signed with the time',
  },
  forbidden: {
    code: 'E_BUCKET_FORBIDDEN',
    what: (place: string) => `the credentials do not permit this in ${place}`,
    hint: 'docs/fleet.md, Archive, lists the permissions that are needed',
  },
  noBucket: {
    code: 'E_NO_BUCKET',
    what: (place: string) => `${place} does not exist`,
    hint: 'check the name of the bucket and AWS_ENDPOINT_URL_S3; create the bucket first',
  },
  region: {
    code: 'E_BUCKET_REGION',
    what: (place: string) => `${place} needs another region`,
    hint: 'set AWS_REGION to the region of the bucket; for an endpoint without regions to us-east-1',
  },
  unreachable: {
    code: 'E_BUCKET_UNREACHABLE',
    what: (place: string) => `cannot reach ${place}`,
    hint: 'check the network and AWS_ENDPOINT_URL_S3, and try again later',
  },
  tls: {
    code: 'E_BUCKET_TLS',
    what: (place: string) => `cannot trust the certificate of ${place}`,
    hint: 'name the certificate of its authority with --ca-file, and the endpoint by a name that its certificate has',
  },
  plain: {
    code: 'E_BUCKET_TLS',
    what: (place: string) => `the endpoint of ${place} does not use TLS`,
    hint: 'use an endpoint with https://; http:// is for loopback addresses without --ca-file',
  },
  refused: {
    code: 'E_BUCKET_REFUSED',
    what: (place: string) => `${place} refused a request`,
    hint: 'see the reason; the log of the endpoint has more',
  },
} as const

/** Thrown before a request leaves without TLS. */
export class PlainEndpoint extends Error {}

const GONE = /socket hang up|aborted|premature close|timed out/i
const NO_REGION = /region is missing/i
const MAX_REASON = 600

/**
 * The error of a request as a TcpconnError.
 * @param secrets removed from the reason, should an endpoint or proxy repeat them
 */
export function storeFault(place: string, thrown: unknown, secrets: readonly string[] = []): TcpconnError {
  if (thrown instanceof TcpconnError) return thrown
  // Copies of objects are temporary files.
  const full = statusOf(thrown) === 0 ? fullTemporaryDirectory(thrown) : null
  if (full !== null) return full
  const { code, what, hint } = KINDS[kindOf(thrown)]
  const text = describe(thrown)
  const shown = secrets.filter(Boolean).reduce((all, secret) => all.replaceAll(secret, '…'), text)
  return new TcpconnError(code, { what: what(place), reason: shown.slice(0, MAX_REASON), hint })
}

/** Whether the same request may succeed later. */
export function isTemporary(thrown: unknown): boolean {
  return kindOf(thrown) === 'unreachable'
}

/** HTTP status of an answer; 0: there was none */
export function statusOf(thrown: unknown): number {
  const { $metadata } = thrown as { $metadata?: { httpStatusCode?: number } }
  return $metadata?.httpStatusCode ?? 0
}

function kindOf(thrown: unknown): keyof typeof KINDS {
  if (thrown instanceof PlainEndpoint) return 'plain'
  const { name } = thrown as Error
  if (Object.hasOwn(NAMES, name)) return NAMES[name] as keyof typeof KINDS
  const code = networkCodeOf(thrown)
  if (CERTIFICATE_CODE.test(code) || code.startsWith('ERR_SSL')) return 'tls'
  const status = statusOf(thrown)
  if (status === 429 || status >= 500) return 'unreachable'
  if (status === 301) return 'region'
  if (status === 403) return 'forbidden'
  if (NO_REGION.test(messageOf(thrown))) return 'region'
  if (status === 0 && (SOCKET_CODE.test(code) || GONE.test(messageOf(thrown)))) return 'unreachable'
  return 'refused'
}

/** An answer without a body has no message. */
function describe(thrown: unknown): string {
  const { errors, name } = thrown as { errors?: unknown[]; name?: string }
  const status = statusOf(thrown)
  const message = messageOf(thrown).trim()
  const isMessage = message !== '' && message !== 'UnknownError'
  const texts = isMessage ? [message] : Array.isArray(errors) ? errors.map(messageOf) : [name ?? '']
  const text = [...new Set(texts)].filter(Boolean).join('; ')
  return (
    [status > 0 ? `HTTP ${status}` : '', text || networkCodeOf(thrown)].filter(Boolean).join(': ') ||
    'no reason was given'
  )
}
