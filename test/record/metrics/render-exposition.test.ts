import { expect, test } from 'vitest'
import { CLASSIC_BOUNDS_NS } from '../../../src/record/metrics/classic-buckets.js'
import { createDurations } from '../../../src/record/metrics/durations.js'
import { METRICS, type Family } from '../../../src/record/metrics/metric.js'
import { createRenderer } from '../../../src/record/metrics/render-exposition.js'

function familiesOf(durationsNs: readonly number[]): Family[] {
  const durations = createDurations({ classic: true, exponential: false })
  for (const duration of durationsNs) durations.add(duration)
  const labels = [['thread.name', 'a"b\\x0a\n']] as const
  return [
    { metric: METRICS.attempts, points: [{ attributes: labels, startedMs: 0, value: 12_345_678_901 }] },
    { metric: METRICS.handshakes, points: [{ attributes: [], startedMs: 0, value: durations }] },
  ]
}

const render = (families: Family[], format: 'text' | 'openmetrics') =>
  Buffer.from(createRenderer().render(families, format)).toString()

test('text has a line per series, with escaped names; buckets are cumulative and in seconds (SEC-73)', () => {
  const lines = render(familiesOf([2 ** 13, 2 ** 13 + 1, 3e9, 200e9]), 'text').split('\n')
  expect(lines.slice(1, 3)).toEqual([
    '# TYPE tcpconn_connect_attempts_total counter',
    String.raw`tcpconn_connect_attempts_total{thread_name="a\"b\\x0a\n"} 12345678901`,
  ])
  const name = 'system_network_tcp_handshake_duration_seconds'
  const buckets = lines.filter((line) => line.startsWith(`${name}_bucket`))
  expect(buckets).toHaveLength(CLASSIC_BOUNDS_NS.length + 1)
  expect(buckets.slice(0, 2)).toEqual([`${name}_bucket{le="0.000008192"} 1`, `${name}_bucket{le="0.000012288"} 2`])
  expect(buckets.slice(-2)).toEqual([`${name}_bucket{le="137.438953472"} 3`, `${name}_bucket{le="+Inf"} 4`])
  expect(buckets).toContain(`${name}_bucket{le="4.294967296"} 3`)
  expect(lines.slice(-3)).toEqual([`${name}_sum 203.000016385`, `${name}_count 4`, ''])
})

test('OpenMetrics has units, names of families without _total, and an end', () => {
  const lines = render(familiesOf([]), 'openmetrics').split('\n')
  expect(lines[1]).toBe('# TYPE tcpconn_connect_attempts counter')
  expect(lines[2]).toMatch(/^tcpconn_connect_attempts_total\{/)
  expect(lines).toContain('# UNIT system_network_tcp_handshake_duration_seconds seconds')
  expect(lines.slice(-2)).toEqual(['# EOF', ''])
})

test('a second scrape has new values for the same series', () => {
  const renderer = createRenderer()
  const attributes = [['cause', 'ring_full']] as const
  const at = (value: number) =>
    Buffer.from(
      renderer.render([{ metric: METRICS.lost, points: [{ attributes, startedMs: 0, value }] }], 'text'),
    ).toString()
  expect([0, 9, 10, 99_999].map((value) => at(value).trim().split(' ').at(-1))).toEqual(['0', '9', '10', '99999'])
})
