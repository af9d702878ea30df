import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { CLASSIC_BOUNDS_NS } from '../../../src/record/metrics/classic-buckets.js'
import { lookUp } from '../../support/dns-client.js'
import { makeAddressedNamespace, startDnsmasq } from '../../support/dns-server.js'
import { makeCertificate } from '../../support/certificate.js'
import { expectError } from '../../support/error-lines.js'
import { describeKernel, skipUnless } from '../../support/kernel-tests.js'
import { findClosedPort, listen } from '../../support/listener.js'
import { startOtlpReceiver } from '../../support/otlp-receiver.js'
import { readThreads } from '../../support/process-status.js'
import { run, start } from '../../support/process.js'
import { REPOSITORY } from '../../support/repository.js'
import { queryAll, startRotating } from '../../support/rotating-recorder.js'
import { metricsAddress, scrape, type Scraped } from '../../support/scrape.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { recordAsGames } from '../../support/users.js'
import { waitUntil } from '../../support/wait-until.js'
import { connect } from '../../support/workload.js'

const HANDSHAKE = 'system_network_tcp_handshake_duration_seconds'
const ATTEMPTS = 'tcpconn_connect_attempts_total'

async function startMeasured(args: readonly string[], options: { readonly env?: Record<string, string> } = {}) {
  const recording = await startRotating({ args: ['--rotate', '1s', ...args], ...options })
  const address = metricsAddress(recording.errors()) ?? ''
  return { recording, address }
}

/** Waits for a scrape in which a metric is at least `value`. */
function scrapeUntil(address: string, metric: string, value: number): Promise<Scraped> {
  let last: number | undefined
  const find = async () => {
    const scraped = await scrape(address)
    last = scraped[metric]
    return last !== undefined && last >= value && scraped
  }
  return waitUntil(() => `${metric} >= ${value}; the last value is ${last}`, find, { everyMs: 100 })
}

describeKernel('metrics', () => {
  test('have the values of the rows of all files, over rotations, in classic and in exponential buckets', async () => {
    const receiver = await startOtlpReceiver()
    const { recording, address } = await startMeasured(
      ['--metrics', '127.0.0.1:0', '--metrics-by', 'comm,port', '--otlp', receiver.url],
      { env: { OTEL_METRIC_EXPORT_INTERVAL: '200' } },
    )
    const [open, closed] = [await listen(), await findClosedPort()]
    await connect('127.0.0.1', open, ['--count', '300'])
    const files = recording.files().length
    await waitUntil('a rotation', () => recording.files().length > files + 1)
    await connect('127.0.0.1', closed, ['--count', '200'])
    const labels = (port: number) => `thread_name="connect",network_peer_port="${port}"`
    const established = `{outcome="established",${labels(open)}}`
    const refused = `{outcome="refused",error_type="refused",${labels(closed)}}`
    const scraped = await scrapeUntil(address, ATTEMPTS + refused, 200)
    const sent = receiver.requests.length
    await waitUntil('a request', () => receiver.requests.length > sent + 1)
    await recording.stop()
    expect([scraped[ATTEMPTS + established], scraped[ATTEMPTS + refused]]).toEqual([300, 200])
    const sql = `SELECT latency_ns FROM connects WHERE remote_port = ? AND latency_ns IS NOT NULL`
    for (const [port, prefix] of [
      [open, labels(open)],
      [closed, `error_type="refused",${labels(closed)}`],
    ] as const) {
      const latencies = queryAll<{ latency_ns: number }>(recording.files(), sql, port).map((row) => row.latency_ns)
      const counts = CLASSIC_BOUNDS_NS.map((bound) => latencies.filter((ns) => ns <= bound).length)
      const buckets = CLASSIC_BOUNDS_NS.map((bound) => scraped[`${HANDSHAKE}_bucket{${prefix},le="${bound / 1e9}"}`])
      expect(buckets).toEqual(counts)
      expect(scraped[`${HANDSHAKE}_count{${prefix}}`]).toBe(latencies.length)
      const sumNs = latencies.reduce((sum, ns) => sum + ns, 0)
      expect(scraped[`${HANDSHAKE}_sum{${prefix}}`]).toBeCloseTo(sumNs / 1e9, 9)
      const point = JSON.stringify(receiver.requests.at(-1)?.body)
      expect(point).toContain(`"count":"${latencies.length}","sum":${sumNs / 1e9}`)
    }
  })

  test('of DNS lookups are those of the trace; a Unix socket serves them to the user behind sudo (SEC-70)', async () => {
    const namespace = makeAddressedNamespace()
    await startDnsmasq(namespace, ['--host-record=web.example,10.77.0.1', '--local=/example/'])
    const { file, env } = recordAsGames()
    const directory = join(file, '..')
    const socket = join(directory, 'metrics.sock')
    const recording = await startRotating({
      args: ['--rotate', '1s', '--dns', '--metrics', `unix:${socket}`],
      directory,
      env,
    })
    expect(statSync(socket)).toMatchObject({ uid: 5, mode: 0o140660 })
    // The server has brought no thread with privileges.
    const [, ...others] = readThreads(recording.pid)
    for (const thread of others) expect(thread).toMatchObject({ Uid: '5 5 5 5', CapEff: '0000000000000000' })
    await lookUp([{ name: 'web.example' }, { name: 'none.example' }], { under: namespace.exec })
    const nxdomain = 'tcpconn_dns_lookups_total{error_type="nxdomain"}'
    const scraped = await scrapeUntil(`unix:${socket}`, nxdomain, 1)
    await recording.stop()
    const count = (where: string) =>
      queryAll<{ n: number }>(recording.files(), `SELECT count(*) AS n FROM dns_lookup WHERE ${where}`).reduce(
        (sum, { n }) => sum + n,
        0,
      )
    expect(scraped[nxdomain]).toBe(count('rcode = 3'))
    expect(scraped['dns_lookup_duration_seconds_count{error_type="nxdomain"}']).toBe(
      count('rcode = 3 AND latency_ns NOT NULL'),
    )
  })

  test('a port in use, or headers that others may read, are errors before recording begins', async () => {
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const inUse = await runTool(['record', file, '--metrics', `127.0.0.1:${await listen()}`])
    expectError(inUse, 'E_METRICS')
    const headers = join(makeTemporaryDirectory(), 'headers')
    writeFileSync(headers, 'Authorization: hunter2\n')
    chmodSync(headers, 0o644)
    const open = await runTool(['record', file, '--otlp', 'http://127.0.0.1:1', '--otlp-headers-file', headers])
    expectError(open, 'E_OTLP')
    expect(open.stderr).not.toContain('hunter2')
    expect(() => statSync(file)).toThrow('ENOENT')
  })

  test('metrics go over TLS to a receiver whose authority NODE_EXTRA_CA_CERTS names', async () => {
    const files = makeCertificate()
    const receiver = await startOtlpReceiver({}, files)
    const env = { OTEL_METRIC_EXPORT_INTERVAL: '200', NODE_EXTRA_CA_CERTS: files.certificate }
    const recording = await startRotating({ args: ['--rotate', '1s', '--otlp', receiver.url], env })
    await waitUntil('a request', () => receiver.requests.length > 0)
    expect(await recording.stop()).not.toContain('cannot send metrics')
    expect(receiver.requests[0]).toMatchObject({ path: '/v1/metrics' })
  })

  test('hostile clients and a receiver that is away cost no attempt (SEC-72, SEC-77)', async () => {
    const { recording, address } = await startMeasured(
      ['--metrics', '127.0.0.1:0', '--metrics-by', 'port', '--otlp', `http://127.0.0.1:${await findClosedPort()}`],
      { env: { OTEL_METRIC_EXPORT_INTERVAL: '100' } },
    )
    const { port } = new URL(address)
    const flood = setInterval(() => {
      for (let i = 0; i < 20; i++) {
        const socket = connectTcp({ host: '127.0.0.1', port: Number(port) }, () =>
          socket.write('GET /metrics HTTP/1.1\r\nX: '),
        )
        socket.on('error', () => {})
      }
    }, 5)
    onTestFinished(() => clearInterval(flood))
    const closed = await findClosedPort()
    await connect('127.0.0.1', closed, ['--count', '5000'])
    clearInterval(flood)
    const summary = await recording.stop()
    const sql = 'SELECT count(*) AS n FROM connects WHERE remote_port = ?'
    expect(queryAll<{ n: number }>(recording.files(), sql, closed).reduce((sum, { n }) => sum + n, 0)).toBe(5000)
    expect(summary).not.toMatch(/LOST/)
    expect(summary.match(/cannot send metrics/g)).toHaveLength(1)
  })

  test.for([
    ['prometheus', startPrometheus],
    ['victoria-metrics', startVictoriaMetrics],
  ] as const)('are read by %s', async ([program, startServer], context) => {
    skipUnless((await findServer(program)) !== null, `${program} is missing`, context)
    const closed = await findClosedPort()
    const filter = ['--port', `${closed}`]
    const { recording, address } = await startMeasured(['--metrics', '127.0.0.1:0', '--metrics-by', 'comm', ...filter])
    await connect('127.0.0.1', closed, ['--count', '100'])
    const query = await startServer(new URL(address).host)
    const selector = `outcome="refused",thread_name="connect"`
    await waitForValue(query, `${ATTEMPTS}{${selector}}`, 100)
    await waitForValue(query, `sum(${HANDSHAKE}_bucket{thread_name="connect",le="+Inf"})`, 100)
    const median = `histogram_quantile(0.5, ${HANDSHAKE}_bucket{thread_name="connect"})`
    const quantile = await query(median)
    await recording.stop()
    const rows = queryAll<{ latency_ns: number }>(
      recording.files(),
      'SELECT latency_ns FROM connects WHERE remote_port = ? ORDER BY latency_ns',
      closed,
    )
    const exact = (rows[49]?.latency_ns ?? 0) / 1e9
    const bounds = CLASSIC_BOUNDS_NS.map((bound) => bound / 1e9)
    const bucket = bounds.findIndex((bound) => bound >= exact)
    expect(quantile).toBeLessThanOrEqual(bounds[bucket] as number)
    // The first bucket begins at 0.
    expect(quantile).toBeGreaterThan(bounds[bucket - 1] ?? 0)
  })
})

type Query = (expression: string) => Promise<number | null>

async function waitForValue(query: Query, expression: string, value: number): Promise<void> {
  let last: number | null = null
  const find = async () => {
    last = await query(expression)
    return last === value
  }
  await waitUntil(() => `${expression} = ${value}; the last value is ${last}`, find, { everyMs: 100 })
}

const queryAt =
  (port: number): Query =>
  async (expression) => {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`)
      const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } }
      return data.result[0] === undefined ? null : Number(data.result[0].value[1])
    } catch {
      return null
    }
  }

function writeScrapeConfig(directory: string, target: string): string {
  const path = join(directory, 'scrape.yml')
  const job = `{job_name: tcpconn, scrape_interval: 1s, static_configs: [{targets: ['${target}']}]}`
  writeFileSync(path, `global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs: [${job}]\n`)
  return path
}

/** The program of a server, which script/bootstrap has unpacked, or which is installed; `null`: there is none. */
async function findServer(program: string): Promise<string | null> {
  const unpacked = join(REPOSITORY, 'build/servers/usr/bin', program)
  if (existsSync(unpacked)) return unpacked
  const { status, stdout } = await run(['sh', '-c', `command -v ${program}`])
  return status === 0 ? stdout.trim() : null
}

async function startPrometheus(target: string): Promise<Query> {
  const [directory, port] = [makeTemporaryDirectory(), await findClosedPort()]
  const config = writeScrapeConfig(directory, target)
  start([
    (await findServer('prometheus')) ?? '',
    `--config.file=${config}`,
    `--storage.tsdb.path=${directory}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ])
  return queryAt(port)
}

async function startVictoriaMetrics(target: string): Promise<Query> {
  const [directory, port] = [makeTemporaryDirectory(), await findClosedPort()]
  const config = writeScrapeConfig(directory, target)
  start([
    (await findServer('victoria-metrics')) ?? '',
    `-promscrape.config=${config}`,
    `-storageDataPath=${directory}/data`,
    `-httpListenAddr=127.0.0.1:${port}`,
    '-search.latencyOffset=0s',
  ])
  return queryAt(port)
}
