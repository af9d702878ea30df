import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { UsageError } from '../../../src/base/errors.js'
import { parseTime, type TraceSpan } from '../../../src/analyze/options/parse-time.js'

const unixNs = (text: string) => BigInt(Date.parse(text)) * 1_000_000n
/** One hour up to 12:00:00.25 in Berlin. */
const SPAN: TraceSpan = {
  firstUnixNs: unixNs('2026-01-31T10:00:00.250Z'),
  lastUnixNs: unixNs('2026-01-31T11:00:00.250Z'),
}

describe('in Berlin', () => {
  let zone: string | undefined
  beforeEach(() => {
    zone = process.env['TZ']
    process.env['TZ'] = 'Europe/Berlin'
  })
  afterEach(() => {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  })

  test.each([
    ['2026-01-31T10:00:00Z', '2026-01-31T10:00:00Z'],
    ['2026-01-31T10:00:00+01:00', '2026-01-31T09:00:00Z'],
    ['2026-01-31T10:00:00+0100', '2026-01-31T09:00:00Z'],
    ['2026-01-31 10:00', '2026-01-31T09:00:00Z'],
    ['2026-07-31 10:00', '2026-07-31T08:00:00Z'],
    ['2026-01-31T10:00:30', '2026-01-31T09:00:30Z'],
    ['2026-01-31', '2026-01-30T23:00:00Z'],
    ['11:30', '2026-01-31T10:30:00Z'],
    ['11:30:15', '2026-01-31T10:30:15Z'],
    ['12:30', '2026-01-30T11:30:00Z'],
    ['+5m', '2026-01-31T10:05:00.250Z'],
    ['-5m', '2026-01-31T10:55:00.250Z'],
    ['+90', '2026-01-31T10:01:30.250Z'],
  ])('%s', (text, wanted) => {
    expect(parseTime('--since', text, SPAN)).toBe(unixNs(wanted))
  })
})

test('nanoseconds are kept', () => {
  expect(parseTime('--since', '2026-01-31T10:00:00.123456789Z', SPAN)).toBe(
    unixNs('2026-01-31T10:00:00Z') + 123_456_789n,
  )
})

test.each([
  '',
  'yesterday',
  '2026-02-30',
  '2026-13-01',
  '2026-01-31T25:00',
  '24:00',
  '10:60',
  '+',
  '-5x',
  '5m',
  '1700000000',
  '2026-01-31T10:00:00.1234567890Z',
])('%j is refused, and the error lists the accepted forms', (text) => {
  expect(() => parseTime('--until', text, SPAN)).toThrow(UsageError)
  expect(() => parseTime('--until', text, SPAN)).toThrow(/--until/)
})
