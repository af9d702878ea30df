import { expect, test } from 'vitest'
import { parseMetrics } from '../../../src/record/options/parse-metrics.js'

const code = (parse: () => unknown) => expect(parse).toThrow(expect.objectContaining({ code: 'E_USAGE' }))

test('addresses are TCP or Unix; labels have a fixed order', () => {
  expect(parseMetrics({})).toBe(null)
  const listenOf = (metrics: string) => parseMetrics({ metrics })?.listen
  expect(listenOf('127.0.0.1:9435')).toEqual({ host: '127.0.0.1', port: 9435 })
  expect(listenOf('[::1]:0')).toEqual({ host: '::1', port: 0 })
  expect(listenOf('unix:/run/tcpconn.sock')).toEqual({ path: '/run/tcpconn.sock' })
  expect(parseMetrics({ metrics: '0.0.0.0:1', metricsBy: ['port,comm', 'pod'] })?.by).toEqual(['comm', 'pod', 'port'])
})

test.each([
  '9435',
  ':9435',
  'web1:9435',
  '127.0.0.1',
  '127.0.0.1:70000',
  '::1:9435',
  '[127.0.0.1]:1',
  '1:1',
  'unix:',
  `unix:/${'a'.repeat(107)}`,
])('--metrics %s is refused', (metrics) => code(() => parseMetrics({ metrics })))

test('localhost is not guessed at, but suggested', () => {
  expect(() => parseMetrics({ metrics: 'localhost:9435' })).toThrow(
    expect.objectContaining({ hint: 'did you mean 127.0.0.1:9435?' }),
  )
})

test('OTLP has the path of the specification unless another one is given', () => {
  const urlOf = (otlp: string) => parseMetrics({ otlp })?.otlp?.url.href
  expect(urlOf('http://127.0.0.1:4318')).toBe('http://127.0.0.1:4318/v1/metrics')
  expect(urlOf('https://otel.example/x/v1/metrics')).toBe('https://otel.example/x/v1/metrics')
  for (const otlp of ['127.0.0.1:4318', 'ftp://a', '']) code(() => parseMetrics({ otlp }))
})

test('a secret in the address of OTLP is refused, and not repeated (SEC-76)', () => {
  for (const otlp of ['https://me:hunter2@otel.example', 'https://otel.example/?token=hunter2']) {
    code(() => parseMetrics({ otlp }))
    expect(() => parseMetrics({ otlp })).not.toThrow(/hunter2/)
  }
})

test('options that need another one are refused without it', () => {
  code(() => parseMetrics({ metricsBy: ['comm'] }))
  code(() => parseMetrics({ metrics: '127.0.0.1:1', otlpHeadersFile: 'x' }))
  code(() => parseMetrics({ metrics: '127.0.0.1:1', metricsBy: ['pid'] }))
})
