import { resolve } from 'node:path'
import { parseAddress } from '../../attempt/address.js'
import { HELP_HINT, TcpconnError, UsageError } from '../../base/errors.js'
import { splitLists } from '../../options/parse-lists.js'
import { nearestName } from '../../text/nearest-name.js'

/** What `--metrics-by` divides attempts by. */
export const METRIC_DIMENSIONS = ['comm', 'container', 'pod', 'namespace', 'address', 'port'] as const
export type MetricDimension = (typeof METRIC_DIMENSIONS)[number]

/** Where metrics are served: a TCP address or a Unix socket. */
export type MetricsAddress = { readonly host: string; readonly port: number } | { readonly path: string }

/** Where metrics are sent. */
export interface OtlpTarget {
  readonly url: URL
  /** `null`: headers of the environment only */
  readonly headersFile: string | null
}

/** At least one of `listen` and `otlp` is set. */
export interface MetricsOptions {
  readonly listen: MetricsAddress | null
  readonly otlp: OtlpTarget | null
  readonly by: readonly MetricDimension[]
}

/** As typed. */
export interface RawMetrics {
  readonly metrics?: string
  readonly metricsBy?: string[]
  readonly otlp?: string
  readonly otlpHeadersFile?: string
}

/** The path of the OTLP specification for metrics over HTTP. */
const OTLP_PATH = '/v1/metrics'
/** sun_path of unix(7), with its NUL */
const MAX_SOCKET_PATH = 107

/** @returns `null` without `--metrics` and `--otlp` @throws UsageError */
export function parseMetrics(raw: RawMetrics): MetricsOptions | null {
  const { metrics, metricsBy, otlp, otlpHeadersFile } = raw
  if (otlpHeadersFile !== undefined && otlp === undefined) {
    throw wrongUse('--otlp-headers-file is given without --otlp', 'the headers are sent with the metrics of --otlp')
  }
  if (metrics === undefined && otlp === undefined) {
    if (metricsBy === undefined) return null
    throw wrongUse('--metrics-by is given without --metrics or --otlp', 'it divides the attempts of their metrics')
  }
  return {
    listen: metrics === undefined ? null : parseListen(metrics),
    otlp: otlp === undefined ? null : { url: parseUrl(otlp), headersFile: otlpHeadersFile ?? null },
    by: parseDimensions(metricsBy ?? []),
  }
}

function parseDimensions(texts: readonly string[]): MetricDimension[] {
  const accepted = `a list of ${METRIC_DIMENSIONS.join(', ')}`
  const named = texts.length === 0 ? [] : splitLists('--metrics-by', texts, accepted)
  for (const name of named) {
    if (METRIC_DIMENSIONS.some((dimension) => dimension === name)) continue
    throw new UsageError('--metrics-by', name, accepted, nearestName(name, METRIC_DIMENSIONS))
  }
  // In a fixed order: labels do not depend on the order on the command line.
  return METRIC_DIMENSIONS.filter((dimension) => named.includes(dimension))
}

function parseListen(text: string): MetricsAddress {
  const accepted = 'an IP address and a port like 127.0.0.1:9435 or [::1]:9435, or unix: and a path'
  if (/^unix:./s.test(text)) {
    const path = resolve(text.slice('unix:'.length))
    if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return { path }
    throw new UsageError('--metrics', text, `${accepted} of at most ${MAX_SOCKET_PATH} bytes`)
  }
  const address = parseTcp(text)
  if (address !== null) return address
  const meant = /^localhost:\d+$/.test(text) ? text.replace('localhost', '127.0.0.1') : null
  throw new UsageError('--metrics', text, accepted, meant)
}

function parseTcp(text: string): MetricsAddress | null {
  const {
    six,
    four = '',
    port = '',
  } = /^(?:\[(?<six>[^\]]+)\]|(?<four>[\d.]+)):(?<port>\d{1,5})$/.exec(text)?.groups ?? {}
  const host = six ?? four
  const isAddress = parseAddress(host) !== null && host.includes(six === undefined ? '.' : ':')
  return isAddress && Number(port) <= 65_535 ? { host, port: Number(port) } : null
}

/** Without a path, that of the OTLP specification. */
function parseUrl(text: string): URL {
  const accepted = 'an address like http://127.0.0.1:4318 or https://collector.example:4318/v1/metrics'
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !['http:', 'https:'].includes(url.protocol)) throw new UsageError('--otlp', text, accepted)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    // Not with its value: it may be a secret.
    throw wrongUse(
      '--otlp: an address with a user, a password, ? or # is not accepted',
      'a command line is no place for secrets: other users can read it, and the trace stores it',
      'put them into a header: --otlp-headers-file FILE, or OTEL_EXPORTER_OTLP_HEADERS',
    )
  }
  if (url.pathname === '/') url.pathname = OTLP_PATH
  return url
}

function wrongUse(what: string, reason: string, hint = HELP_HINT): TcpconnError {
  return new TcpconnError('E_USAGE', { what, reason, hint })
}
