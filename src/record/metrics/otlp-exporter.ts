import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { messageOf, TcpconnError } from '../../base/errors.js'
import type { Headers } from './read-otlp-headers.js'

/** The default of OpenTelemetry's SDKs. */
const INTERVAL_MS = 60_000
const MAX_DELAY_MS = 15 * 60_000
const REQUEST_MS = 5000
/** At the end of a recording nobody waits longer. */
const LAST_REQUEST_MS = 3000
/** The rest of an answer is not read. */
const MAX_ANSWER_BYTES = 16_384
const MAX_REASON = 200

/** Sends metrics until it is closed. */
export interface OtlpExporter {
  /** Sends once more and ends. */
  close(): Promise<void>
}

export interface OtlpExporterOptions {
  readonly url: URL
  readonly headers: Headers
  readonly intervalMs: number
  /** The body of a request, now */
  readonly encode: () => string
  /** Reports the first of successive failures, and the end of failures. */
  readonly report: (text: string) => void
}

/** Result of a request: `retryMs` is what the receiver asks to wait. */
type Answer = { readonly failure: string; readonly retryMs: number } | { readonly warning: string | null }

/**
 * Interval of requests in ms: OTEL_METRIC_EXPORT_INTERVAL, as in OpenTelemetry's SDKs.
 * @throws E_OTLP
 */
export function readInterval(env: NodeJS.ProcessEnv = process.env): number {
  const text = env['OTEL_METRIC_EXPORT_INTERVAL'] ?? ''
  if (text === '') return INTERVAL_MS
  if (/^\d{1,7}$/.test(text) && Number(text) > 0) return Number(text)
  throw new TcpconnError('E_OTLP', {
    what: `OTEL_METRIC_EXPORT_INTERVAL: ${JSON.stringify(text)} is not accepted`,
    reason: 'it is a time in milliseconds, from 1 to 9999999',
    hint: 'unset it for one request per minute',
  })
}

/** Counts are cumulative: a request that fails loses nothing, and the next one has all of it. */
export function startOtlpExporter(options: OtlpExporterOptions): OtlpExporter {
  const { url, intervalMs, encode, report } = options
  let failures = 0
  let reported = ''
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()

  const note = (text: string) => {
    if (text === reported) return
    if (text !== '' && reported === '') report(`cannot send metrics to ${url.href}: ${text}; recording continues`)
    if (text === '') report(`metrics are sent to ${url.href} again`)
    reported = text
  }
  const send = async (limitMs: number): Promise<number> => {
    const answer = await post(options, encode(), limitMs)
    const failure = 'failure' in answer ? answer.failure : (answer.warning ?? '')
    note(failure)
    failures = 'failure' in answer ? failures + 1 : 0
    return 'failure' in answer ? Math.min(answer.retryMs, MAX_DELAY_MS) : 0
  }
  const schedule = (leastMs: number) => {
    timer = setTimeout(
      () => (running = send(REQUEST_MS).then(schedule)),
      Math.max(leastMs, delayOf(intervalMs, failures)),
    )
    timer.unref()
  }
  schedule(0)
  return {
    async close() {
      clearTimeout(timer)
      await running
      clearTimeout(timer)
      await send(LAST_REQUEST_MS)
    },
  }
}

/** Doubled with each failure; spread, so that hosts that failed together do not return together. @param random 0 to 1 */
export function delayOf(intervalMs: number, failures: number, random = Math.random()): number {
  if (failures === 0) return intervalMs
  const delayMs = Math.max(intervalMs, Math.min(MAX_DELAY_MS, intervalMs * 2 ** failures))
  return delayMs * (0.5 + random / 2)
}

/** Redirects are failures: headers go to nobody else. Never rejects. */
async function post({ url, headers }: OtlpExporterOptions, body: string, limitMs: number): Promise<Answer> {
  const bytes = Buffer.from(body)
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  try {
    return await new Promise<Answer>((resolve, reject) => {
      const sent = send(url, {
        method: 'POST',
        agent: false,
        signal: AbortSignal.timeout(limitMs),
        headers: { ...headers, 'content-type': 'application/json', 'content-length': bytes.length },
      })
      sent.on('error', reject)
      sent.on('response', (response) => readAnswer(response).then(resolve, reject))
      sent.end(bytes)
    })
  } catch (error) {
    const reason =
      (error as Error).name === 'AbortError' || (error as Error).name === 'TimeoutError'
        ? 'no answer'
        : messageOf(error)
    return { failure: reason.slice(0, MAX_REASON), retryMs: 0 }
  }
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const status = response.statusCode ?? 0
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) {
    text += chunk
    // Leaving the loop destroys the connection.
    if (text.length > MAX_ANSWER_BYTES) break
  }
  if (status < 200 || status > 299) {
    const seconds = Number(response.headers['retry-after'])
    return { failure: `it answered with HTTP status ${status}`, retryMs: seconds > 0 ? seconds * 1000 : 0 }
  }
  return { warning: rejection(text) }
}

/** What a receiver that accepts a part says of the rest. */
function rejection(text: string): string | null {
  try {
    const { partialSuccess } = JSON.parse(text) as { partialSuccess?: Record<string, unknown> }
    const count = Number(partialSuccess?.['rejectedDataPoints'] ?? 0)
    if (count === 0) return null
    return `it rejected ${count} series: ${String(partialSuccess?.['errorMessage'] ?? '').slice(0, MAX_REASON)}`
  } catch {
    return null
  }
}
