import { createServer, type IncomingHttpHeaders } from 'node:http'
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

/** A receiver of OTLP over HTTP with JSON, until the test ends. `reply` may be changed. */
export async function startOtlpReceiver(reply: OtlpReply = {}) {
  const requests: OtlpRequest[] = []
  const receiver = { requests, reply, url: '' }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { url: path = '', headers } = request
      requests.push({ path, headers, body: JSON.parse(Buffer.concat(chunks).toString()) as unknown })
      const { status = 200, headers: answer = {}, body = '{}' } = receiver.reply
      response.writeHead(status, { 'Content-Type': 'application/json', ...answer }).end(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close().closeAllConnections())
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return receiver
}
