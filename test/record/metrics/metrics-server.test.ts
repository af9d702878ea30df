import { existsSync, statSync, writeFileSync } from 'node:fs'
import { get, type IncomingHttpHeaders } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openMetricsServer } from '../../../src/record/metrics/metrics-server.js'
import type { MetricsAddress } from '../../../src/record/options/parse-metrics.js'
import { listen } from '../../support/listener.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { waitUntil } from '../../support/wait-until.js'

const LOOPBACK = { host: '127.0.0.1', port: 0 }

async function serve(address: MetricsAddress = LOOPBACK, connectionMs?: number, text = 'a 1\n') {
  const server = await openMetricsServer(address, connectionMs)
  onTestFinished(server.close)
  const renders: string[] = []
  server.serve((format) => {
    renders.push(format)
    return Buffer.from(text)
  })
  const port = Number(/:(\d+)\//.exec(server.address)?.[1])
  return { server, renders, port }
}

async function scrape(port: number, { path = '/metrics', method = 'GET', headers = {} } = {}) {
  return new Promise<{ status: number; headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, method, headers, agent: false }, async (response) => {
      let body = ''
      for await (const chunk of response.setEncoding('utf8')) body += chunk
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
    })
    request.on('error', reject)
  })
}

/** A client that sends these bytes, and notes what it gets until its end. */
function open(port: number, bytes = '') {
  const socket: Socket = connect({ host: '127.0.0.1', port })
  onTestFinished(() => void socket.destroy())
  const seen = { text: '', ended: false }
  socket.setEncoding('utf8').on('data', (text: string) => (seen.text += text))
  socket.on('error', () => {})
  socket.on('close', () => (seen.ended = true))
  if (bytes !== '') socket.write(bytes)
  return { socket, seen }
}

describe('a scrape', () => {
  test('gets the format that it accepts', async () => {
    const { port } = await serve()
    const plain = await scrape(port)
    expect(plain).toMatchObject({ status: 200, body: 'a 1\n' })
    expect(plain.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    const openMetrics = await scrape(port, {
      headers: { accept: 'application/openmetrics-text;version=1.0.0,text/plain' },
    })
    expect(openMetrics.headers['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
  })

  test('of many at once costs one text (SEC-72)', async () => {
    const { port, renders } = await serve()
    await Promise.all(Array.from({ length: 10 }, () => scrape(port)))
    await scrape(port, { method: 'HEAD' })
    expect(renders.length).toBeLessThan(5)
  })

  test.each([
    [404, { path: '/' }],
    [405, { method: 'POST' }],
    [403, { headers: { host: 'attacker.example:9435' } }],
    [200, { headers: { host: '[::1]:9435' } }],
    [200, { headers: { host: 'localhost' } }],
    [200, { path: '/metrics?x=1' }],
  ])('gets status %i for %j (SEC-74)', async (status, request) => {
    const { port } = await serve()
    expect((await scrape(port, request)).status).toBe(status)
  })
})

describe('a hostile client', () => {
  test.each([
    ['sends nothing', ''],
    ['never ends its headers', 'GET /metrics HTTP/1.1\r\nHost: a'],
  ])('that %s is cut off, and others are served meanwhile (SEC-72)', async (_, bytes) => {
    const { port } = await serve(LOOPBACK, 3000)
    const { socket, seen } = open(port, bytes)
    await once(socket, 'connect')
    expect((await scrape(port)).status).toBe(200)
    await waitUntil('the end of its connection', () => seen.ended)
  })

  test('that never reads is cut off (SEC-72)', async () => {
    const text = 'a 1\n'.repeat(5e6)
    const { port } = await serve(LOOPBACK, 1000, text)
    const { socket, seen } = open(port, 'GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    socket.pause()
    await once(socket, 'connect')
    // Opened later, so closed later.
    const idle = open(port)
    await waitUntil('the end of another connection', () => idle.seen.ended)
    socket.resume()
    await waitUntil('the end of its connection', () => seen.ended)
    expect(seen.text.length).toBeLessThan(text.length)
  })

  test('that opens many connections has 16 of them (SEC-72)', async () => {
    const { port } = await serve(LOOPBACK, 60_000)
    const clients = Array.from({ length: 40 }, () => open(port))
    await waitUntil('refusals', () => clients.filter(({ seen }) => seen.ended).length >= 24)
    expect(clients.filter(({ seen }) => seen.ended)).toHaveLength(24)
  })

  test('that sends long headers or no HTTP gets an error (SEC-72)', async () => {
    const { port } = await serve()
    const long = open(port, `GET /metrics HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)
    const noise = open(port, '\x16\x03\x01\x00\xee\x01\x00\r\n\r\n')
    await waitUntil('the ends', () => long.seen.ended && noise.seen.ended)
    expect(long.seen.text).toMatch(/^HTTP\/1.1 431 /)
    expect(noise.seen.text).toMatch(/^HTTP\/1.1 400 /)
    expect((await scrape(port)).status).toBe(200)
  })
})

describe('an address', () => {
  test('is named, and whether other hosts reach it', async () => {
    const { server } = await serve()
    expect(server.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/)
    expect(server.isOpen).toBe(false)
    const everywhere = await serve({ host: '0.0.0.0', port: 0 })
    expect(everywhere.server.isOpen).toBe(true)
    // There Prometheus may use a name.
    expect((await scrape(everywhere.port, { headers: { host: 'web1.example' } })).status).toBe(200)
  })

  test('that is in use, or not of this host, is an error', async () => {
    const port = await listen()
    await expect(openMetricsServer({ host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'E_METRICS',
      reason: 'another program listens there',
    })
    await expect(openMetricsServer({ host: '192.0.2.1', port: 0 })).rejects.toMatchObject({ code: 'E_METRICS' })
  })

  test('that is a Unix socket is for owner and group, and is removed at the end (SEC-75)', async () => {
    const path = join(makeTemporaryDirectory(), 'metrics.sock')
    const { server } = await serve({ path })
    expect(server.address).toBe(`unix:${path}`)
    expect(statSync(path).mode & 0o777).toBe(0o660)
    await expect(openMetricsServer({ path })).rejects.toMatchObject({ code: 'E_METRICS' })
    server.close()
    await waitUntil('the removal', () => !existsSync(path))
  })

  test('that a killed recorder left behind is taken over; a file is not (SEC-75)', async () => {
    const directory = makeTemporaryDirectory()
    const [path, file] = [join(directory, 'metrics.sock'), join(directory, 'file')]
    const stale = createServer().listen(path)
    await once(stale, 'listening')
    // Closed without being removed, as at the end of a process.
    const { renameSync } = await import('node:fs')
    renameSync(path, `${path}.kept`)
    stale.close()
    await once(stale, 'close')
    renameSync(`${path}.kept`, path)
    expect((await serve({ path })).server.address).toBe(`unix:${path}`)
    writeFileSync(file, 'mine')
    await expect(openMetricsServer({ path: file })).rejects.toMatchObject({ code: 'E_METRICS' })
    expect(existsSync(file)).toBe(true)
  })
})
