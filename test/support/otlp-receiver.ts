import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface OtlpRequest {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
}

export interface OtlpReply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/**
 * A receiver of OTLP over HTTP with JSON, until the test ends. `reply` may be changed.
 * @param tls files in PEM; without them, the receiver speaks HTTP
 */
export async function startOtlpReceiver(
  reply: OtlpReply = {},
  tls?: { readonly key: string; readonly certificate: string },
) {
  const requests: OtlpRequest[] = []
  const receiver = { requests, reply, url: '' }
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { url: path = '', headers } = request
      requests.push({ path, headers, body: JSON.parse(Buffer.concat(chunks).toString()) as unknown })
      const { status = 200, headers: answer = {}, body = '{}' } = receiver.reply
      response.writeHead(status, { 'Content-Type': 'application/json', ...answer }).end(body)
    })
  }
  const server =
    tls === undefined
      ? createServer(listener)
      : createTlsServer({ key: readFileSync(tls.key), cert: readFileSync(tls.certificate) }, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close().closeAllConnections())
  receiver.url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`
  return receiver
}
