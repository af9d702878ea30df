import { lstatSync, unlinkSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect, isIP, type AddressInfo } from 'node:net'
import { nameEndpoint } from '../../attempt/address.js'
import { messageOf, TcpconnError } from '../../base/errors.js'
import { isLoopback } from '../../options/is-loopback.js'
import type { MetricsAddress } from '../options/parse-metrics.js'
import { CONTENT_TYPES, type ExpositionFormat } from './render-exposition.js'

/** Connections at a time; more are closed at once. */
const MAX_CONNECTIONS = 16
/** Lifetime of a connection, whatever its client does: Prometheus waits as long by default. */
const CONNECTION_MS = 10_000
const MAX_HEADER_BYTES = 8192
/** A scrape within this time of the one before gets the same text. */
const KEPT_MS = 1000
const PATH = '/metrics'
/** Owner and group: a scraper of another user joins the group of the directory. */
const SOCKET_UMASK = 0o117

/** Serves metrics over HTTP. */
export interface MetricsServer {
  /** For people: `http://127.0.0.1:9435/metrics` */
  readonly address: string
  /** Whether other hosts may reach it */
  readonly isOpen: boolean
  /** Answers from now on; until then connections wait. */
  serve(render: (format: ExpositionFormat) => Uint8Array): void
  /** Closes all connections. */
  close(): void
}

/**
 * Binds the address. Call after privileges were dropped: a socket file belongs to the user, who chose its path.
 * @throws E_METRICS
 */
export async function openMetricsServer(address: MetricsAddress, connectionMs = CONNECTION_MS): Promise<MetricsServer> {
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, keepAlive: false })
  server.maxConnections = MAX_CONNECTIONS
  limitConnections(server, connectionMs)
  if ('path' in address) await removeStaleSocket(address.path)
  await bind(server, address)
  return {
    address: nameAddress(server),
    isOpen: isOpen(server),
    serve: (render) => void server.on('request', createHandler(render, isOpen(server))),
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** A client that is slow at any step is cut off. */
function limitConnections(server: Server, connectionMs: number): void {
  server.on('connection', (socket) => {
    const timer = setTimeout(() => socket.destroy(), connectionMs)
    socket.on('close', () => clearTimeout(timer))
  })
}

async function bind(server: Server, address: MetricsAddress): Promise<void> {
  const bound = new Promise<void>((resolve, reject) => server.once('error', reject).once('listening', resolve))
  const mask = process.umask()
  try {
    // A socket file is created in this call.
    if ('path' in address) process.umask(SOCKET_UMASK)
    server.listen(address)
  } finally {
    process.umask(mask)
  }
  try {
    await bound
  } catch (error) {
    throw bindError(address, error as NodeJS.ErrnoException)
  }
  // From here on, for example without free descriptors, a connection fails and the recording goes on.
  server.on('error', () => {})
}

/** A killed recorder leaves its socket file behind: nobody listens on it. */
async function removeStaleSocket(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined || !stat.isSocket() || stat.uid !== process.geteuid?.()) return
  const isStale = await new Promise<boolean>((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(false))
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
    socket.once('connect', () => socket.destroy())
  })
  if (isStale) unlinkSync(path)
}

function bindError(address: MetricsAddress, cause: NodeJS.ErrnoException): TcpconnError {
  const where = 'path' in address ? address.path : nameEndpoint(address.host, String(address.port))
  const [reason, hint] = (
    {
      EADDRINUSE:
        'path' in address
          ? ['the path exists, or a program serves there', `remove it if nothing needs it, or name another path`]
          : [
              'another program listens there',
              `choose another port, or find the program: ss -lptn 'sport = :${address.port}'`,
            ],
      EADDRNOTAVAIL: ['this host does not have the address', 'see ip address, or use 127.0.0.1'],
      EACCES:
        'path' in address
          ? [`user ${process.getuid?.()} has no write permission`, 'name a path in a directory of that user']
          : ['ports below 1024 need privileges, which record has dropped', 'choose a port from 1024 on'],
      ENOENT: ['the directory does not exist', 'create it first'],
    } as Record<string, readonly [string, string]>
  )[cause.code ?? ''] ?? [messageOf(cause), 'name another address with --metrics']
  return new TcpconnError('E_METRICS', { what: `cannot serve metrics at ${where}`, reason, hint, cause })
}

function nameAddress(server: Server): string {
  const bound = server.address() as AddressInfo | string
  if (typeof bound === 'string') return `unix:${bound}`
  return `http://${nameEndpoint(bound.address, String(bound.port))}${PATH}`
}

function isOpen(server: Server): boolean {
  const bound = server.address() as AddressInfo | string
  return typeof bound !== 'string' && !isLoopback(bound.address)
}

function createHandler(render: (format: ExpositionFormat) => Uint8Array, acceptsNames: boolean) {
  const kept = new Map<ExpositionFormat, { readonly body: Uint8Array; readonly atMs: number }>()
  const bodyOf = (format: ExpositionFormat): Uint8Array => {
    const nowMs = performance.now()
    const last = kept.get(format)
    if (last !== undefined && nowMs - last.atMs < KEPT_MS) return last.body
    const body = render(format)
    kept.set(format, { body, atMs: nowMs })
    return body
  }
  return (request: IncomingMessage, response: ServerResponse) => {
    const refusal = refuse(request, acceptsNames)
    response.setHeader('Connection', 'close')
    if (refusal !== null) {
      const [status, text] = refusal
      response.writeHead(status, { 'Content-Type': 'text/plain', ...(status === 405 ? { Allow: 'GET, HEAD' } : {}) })
      return void response.end(`${text}\n`)
    }
    const format = formatOf(request)
    const body = bodyOf(format)
    response.writeHead(200, { 'Content-Type': CONTENT_TYPES[format], 'Content-Length': body.length })
    response.end(request.method === 'HEAD' ? undefined : body)
  }
}

/** @param acceptsNames whether the Host header may be a name, as when other hosts scrape */
function refuse({ method, url, headers }: IncomingMessage, acceptsNames: boolean): [number, string] | null {
  // A web page cannot make the browser of a user read metrics by a name that resolves to this host (DNS rebinding).
  const host = (headers.host ?? '').replace(/:\d*$/, '')
  if (!acceptsNames && host !== '' && host !== 'localhost' && isIP(host.replace(/^\[(.*)\]$/, '$1')) === 0) {
    return [403, 'the Host header has to be an IP address or localhost']
  }
  if (url !== PATH && !url?.startsWith(`${PATH}?`)) return [404, `metrics are at ${PATH}`]
  return method === 'GET' || method === 'HEAD' ? null : [405, 'only GET is accepted']
}

function formatOf({ headers }: IncomingMessage): ExpositionFormat {
  return headers.accept?.includes('application/openmetrics-text') ? 'openmetrics' : 'text'
}
