import { describe, expect, onTestFinished, test } from 'vitest'
import { createDurations } from '../../../src/record/metrics/durations.js'
import { encodeOtlp } from '../../../src/record/metrics/encode-otlp.js'
import { METRICS, type Family } from '../../../src/record/metrics/metric.js'
import { delayOf, readInterval, startOtlpExporter } from '../../../src/record/metrics/otlp-exporter.js'
import { parseOfficially } from '../../engines/otlp.js'
import { makeCertificate } from '../../support/certificate.js'
import { findClosedPort } from '../../support/listener.js'
import { startOtlpReceiver } from '../../support/otlp-receiver.js'
import { waitUntil } from '../../support/wait-until.js'

function sampleFamilies(): Family[] {
  const durations = createDurations({ classic: false, exponential: true })
  for (const duration of [0, 50_000, 51_000, 3e9]) durations.add(duration)
  return [
    {
      metric: METRICS.attempts,
      points: [{ attributes: [['outcome', 'established']], startedMs: 1000, value: 2 ** 40 }],
    },
    { metric: METRICS.handshakes, points: [{ attributes: [], startedMs: 1000, value: durations }] },
    { metric: METRICS.lookups, points: [] },
  ]
}

function start(url: string, headers = {}) {
  const reports: string[] = []
  const exporter = startOtlpExporter({
    url: new URL(`${url}/v1/metrics`),
    headers,
    intervalMs: 10,
    encode: () => encodeOtlp(sampleFamilies(), 'web1', 2000),
    report: (text) => reports.push(text),
  })
  onTestFinished(exporter.close)
  return { exporter, reports }
}

test('a request is what the official definition of OTLP has, without a field too many', () => {
  const body = JSON.parse(encodeOtlp(sampleFamilies(), 'web1', 2000)) as Record<string, unknown>
  expect(parseOfficially(body)).toEqual(body)
  // The check finds a wrong name.
  expect(parseOfficially({ resource_metrics: [], ...body })).not.toEqual({ resource_metrics: [], ...body })
  const text = JSON.stringify(body)
  expect(text).toContain('"asInt":"1099511627776"')
  expect(text).toContain('"startTimeUnixNano":"1000000000","timeUnixNano":"2000000000"')
  expect(text).toContain('"count":"4","sum":3.000101,"min":0,"max":3,"scale":3,"zeroCount":"1"')
  expect(text).not.toContain('tcpconn.dns.lookups')
})

describe('the exporter', () => {
  test('sends nothing to a receiver with a certificate that nobody known has signed', async () => {
    const receiver = await startOtlpReceiver({}, makeCertificate())
    const { exporter, reports } = start(receiver.url, { authorization: 'Bearer x' })
    await waitUntil('a report', () => reports.length > 0)
    await exporter.close()
    expect(reports).toEqual([expect.stringMatching(/^cannot send metrics to https:.*self-signed certificate/)])
    expect(receiver.requests).toEqual([])
  })

  test('sends again and again, with the headers, and once more at the end', async () => {
    const receiver = await startOtlpReceiver()
    const { exporter, reports } = start(receiver.url, { authorization: 'Bearer x' })
    await waitUntil('two requests', () => receiver.requests.length >= 2)
    const count = receiver.requests.length
    await exporter.close()
    expect(receiver.requests.length).toBeGreaterThan(count)
    expect(receiver.requests[0]).toMatchObject({
      path: '/v1/metrics',
      headers: { 'content-type': 'application/json', authorization: 'Bearer x' },
    })
    expect(reports).toEqual([])
  })

  test('reports the first failure and the end of failures, without headers (SEC-76, SEC-77)', async () => {
    const receiver = await startOtlpReceiver({ status: 401, body: 'no' })
    const { reports } = start(receiver.url, { authorization: 'hunter2' })
    await waitUntil('three requests', () => receiver.requests.length >= 3)
    receiver.reply = { status: 503 }
    await waitUntil('one more', () => receiver.requests.length >= 4)
    expect(reports).toEqual([
      `cannot send metrics to ${receiver.url}/v1/metrics: it answered with HTTP status 401; recording continues`,
    ])
    receiver.reply = {}
    await waitUntil('the second report', () => reports.length > 1)
    expect(reports[1]).toBe(`metrics are sent to ${receiver.url}/v1/metrics again`)
    expect(reports.join()).not.toContain('hunter2')
  })

  test('does not follow a redirect with its headers (SEC-76)', async () => {
    const other = await startOtlpReceiver()
    const receiver = await startOtlpReceiver({ status: 307, headers: { Location: `${other.url}/v1/metrics` } })
    const { exporter, reports } = start(receiver.url, { authorization: 'hunter2' })
    await waitUntil('a report', () => reports.length > 0)
    await exporter.close()
    expect(reports[0]).toContain('HTTP status 307')
    expect(other.requests).toEqual([])
  })

  test('reports series that were rejected, and a receiver that does not listen', async () => {
    const partialSuccess = { rejectedDataPoints: '3', errorMessage: 'too old' }
    const receiver = await startOtlpReceiver({ body: JSON.stringify({ partialSuccess }) })
    const rejected = start(receiver.url)
    const silent = start(`http://127.0.0.1:${await findClosedPort()}`)
    await waitUntil('the reports', () => rejected.reports.length + silent.reports.length >= 2)
    expect(rejected.reports[0]).toContain('it rejected 3 series: too old')
    expect(silent.reports[0]).toContain('ECONNREFUSED')
  })
})

test('failures double the interval up to 15 minutes, spread over half of it', () => {
  expect([0, 1, 2, 3, 9].map((failures) => delayOf(60_000, failures, 1))).toEqual([
    60_000, 120_000, 240_000, 480_000, 900_000,
  ])
  expect(delayOf(60_000, 1, 0)).toBe(60_000)
})

test('the interval is that of OpenTelemetry', () => {
  expect([readInterval({}), readInterval({ OTEL_METRIC_EXPORT_INTERVAL: '5000' })]).toEqual([60_000, 5000])
  expect(() => readInterval({ OTEL_METRIC_EXPORT_INTERVAL: '5s' })).toThrow(expect.objectContaining({ code: 'E_OTLP' }))
})
