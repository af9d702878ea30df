import { describe, expect, test } from 'vitest'
import { rankWindow } from '../../../src/top/window/rank-window.js'
import { formatPerSecond, TOP_COLUMNS } from '../../../src/top/window/top-columns.js'
import { endpointOf, groupBy, makeAttempt, makeWindow } from '../make-attempt.js'

const to = (port: number, count: number, fields: Parameters<typeof makeAttempt>[0] = {}) =>
  Array.from({ length: count }, () => makeAttempt({ endpoint: endpointOf('192.0.2.1', port), ...fields }))

const GROUPED = groupBy(
  'port',
  makeWindow([
    [...to(80, 5, { latencyNs: 3e6 }), ...to(443, 9, { latencyNs: 1e6 }), ...to(22, 5, { outcome: 'refused' })],
    to(8080, 1, { latencyNs: 9e6, synRetransmits: 4 }),
  ]),
)
const column = (heading: string) => TOP_COLUMNS.findIndex((one) => one.heading === heading)
const labels = (heading: string, isDescending = true, filter = '') =>
  rankWindow(GROUPED, filter, { column: column(heading), isDescending }).map(({ label }) => label)

describe('rows are ordered', () => {
  test.each([
    ['ATT/S', ['443', '22', '80', '8080']],
    ['FAIL/S', ['22', '443', '80', '8080']],
    ['FAIL%', ['22', '443', '80', '8080']],
    ['RETR', ['8080', '22', '443', '80']],
    // Without a percentile, last.
    ['P99', ['8080', '80', '443', '22']],
  ])('by %s, equal ones always in the same order', (heading, expected) => {
    expect(labels(heading)).toEqual(expected)
  })

  test('in the other direction, those without a value last as well', () => {
    expect(labels('P50', false)).toEqual(['443', '80', '8080', '22'])
  })

  test('by name, with numbers by value', () => {
    expect(labels('none', false)).toEqual(['22', '80', '443', '8080'])
    expect(labels('none', true)).toEqual(['8080', '443', '80', '22'])
  })

  test('those whose name contains the filter, whatever its case', () => {
    expect(labels('ATT/S', true, '80')).toEqual(['80', '8080'])
    const byComm = groupBy('comm', makeWindow([[makeAttempt()]]))
    expect(rankWindow(byComm, 'URL', { column: 0, isDescending: true })).toHaveLength(1)
    expect(rankWindow(byComm, 'x', { column: 0, isDescending: true })).toHaveLength(0)
  })
})

test.each([
  [0, '0'],
  [1 / 60, '0.02'],
  [0.0949, '0.09'],
  [0.096, '0.1'],
  [9.94, '9.9'],
  [9.96, '10'],
  [28_000.4, '28,000'],
])('%d per second are shown as %s', (perSecond, text) => {
  expect(formatPerSecond(perSecond)).toBe(text)
})
