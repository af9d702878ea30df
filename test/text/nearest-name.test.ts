import { expect, test } from 'vitest'
import { nearestName } from '../../src/text/nearest-name.js'

const NAMES = ['top-endpoints', 'latency', 'by-uid', 'by-process', 'slowest', 'sql']

test.each([
  ['top-endpoint', 'top-endpoints'],
  ['topendpoints', 'top-endpoints'],
  ['top_endpoints', 'top-endpoints'],
  ['latancy', 'latency'],
  ['latnecy', 'latency'],
  ['by-udi', 'by-uid'],
  ['slowset', 'slowest'],
  ['sq', 'sql'],
  ['sql', 'sql'],
  ['summary', null],
  ['', null],
  ['x', null],
  ['latency'.repeat(100_000), null],
])('the nearest name to %.20s is %s', (text, meant) => {
  expect(nearestName(text, NAMES)).toBe(meant)
})

test('returns the nearest of several names', () => {
  expect(nearestName('failed_percen', ['failed', 'failed_percent', 'failed_per_s'])).toBe('failed_percent')
})
