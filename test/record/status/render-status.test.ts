import { expect, test } from 'vitest'
import { renderStatus, type Status } from '../../../src/record/status/render-status.js'

const STATUS: Status = {
  elapsedNs: 754e9,
  remainingNs: 2846e9,
  attempts: 1_234_567,
  perSecond: 28_123,
  failed: 4321,
  p50Ns: 123_456,
  p99Ns: 45_600_000,
  lost: 12,
  fileBytes: 43_210_000,
  files: 1,
}

test('one line has all fields', () => {
  expect(renderStatus(STATUS, 200)).toMatchInlineSnapshot(
    `"12m34s, 47m26s left  1,234,567 attempts  28,123/s  4,321 failed  p50 123 µs  p99 45.6 ms  12 lost  43.2 MB"`,
  )
})

test.each([100, 80, 60, 40])(
  'a terminal of %i columns shows whole fields, and its last column stays empty',
  (columns) => {
    const fields = renderStatus(STATUS, 200).split('  ')
    const shown = renderStatus(STATUS, columns)
    expect(shown.length).toBeLessThan(columns)
    expect(fields).toEqual(expect.arrayContaining(shown.split('  ')))
  },
)

test('a terminal of 80 columns shows the loss', () => {
  expect(renderStatus(STATUS, 80)).toContain('12 lost')
})

test('a terminal that is too narrow shows nothing', () => {
  expect([renderStatus(STATUS, 1), renderStatus(STATUS, 0)]).toEqual(['', ''])
})

test('shows a recording before the first attempt', () => {
  const nothing = {
    attempts: 0,
    perSecond: 0,
    failed: 0,
    p50Ns: null,
    p99Ns: null,
    lost: 0,
    fileBytes: 98_304,
    files: 1,
  }
  expect(renderStatus({ ...nothing, elapsedNs: 0, remainingNs: null }, 200)).toMatchInlineSnapshot(
    `"0s  0 attempts  0/s  0 failed  p50 -  p99 -  0 lost  98.3 kB"`,
  )
})

test('the remaining time is never negative', () => {
  expect(renderStatus({ ...STATUS, remainingNs: -5e9 }, 200)).toContain(', 0s left')
})

test('with several files, shows the size of the current file', () => {
  expect(renderStatus({ ...STATUS, files: 3 }, 200)).toMatch(/ {2}43\.2 MB in file 3$/)
})
