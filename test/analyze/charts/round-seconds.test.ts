import { expect, test } from 'vitest'
import { roundSeconds, formatSeconds } from '../../../src/analyze/charts/format-seconds.js'

test.each([
  [0.5, '1 s'],
  [7, '8 s'],
  [61, '90 s'],
  [178.5 * 3600, '8 d'],
  [46.5 * 86_400, '47 d'],
  [1234 * 86_400, '1,300 d'],
])('%d s is rounded up to %s', (least, length) => {
  expect(formatSeconds(roundSeconds((seconds) => seconds >= least)).replace('1300', '1,300')).toBe(length)
})

test('a round length is at most twice the required length, from 4 s on', () => {
  for (let least = 4; least < 1e8; least = Math.ceil(least * 1.01)) {
    expect(roundSeconds((seconds) => seconds >= least)).toBeLessThanOrEqual(least * 2)
  }
})
