import { expect, test } from 'vitest'
import { formatProgress } from '../../src/text/format-progress.js'

const HALF = { rows: 1_234_567, share: 0.5, elapsedNs: 2e9 }

test('a bar shows the share, with rate and remaining time', () => {
  expect(formatProgress(HALF, 80)).toBe('███████████████░░░░░░░░░░░░░░░   50%  1,234,567 rows  617,284/s  2s left')
  expect(formatProgress({ ...HALF, share: 0 }, 80)).toMatch(/^░{30}    0%  1,234,567 rows  617,284\/s$/)
  expect(formatProgress({ ...HALF, share: 1 }, 80)).toMatch(/^█{30}  100%  .* 0s left$/)
})

test('fits the terminal: first the bar gets shorter, then it is left out, then the last fields', () => {
  for (let columns = 8; columns < 90; columns++) {
    expect(formatProgress(HALF, columns).length, String(columns)).toBeLessThan(columns)
  }
  expect(formatProgress(HALF, 60)).toMatch(/^█+░+ +50% .* left$/)
  expect(formatProgress(HALF, 45)).toBe(' 50%  1,234,567 rows  617,284/s  2s left')
  expect(formatProgress(HALF, 16)).toBe(' 50%')
})
