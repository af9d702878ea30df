import { expect, test } from 'vitest'
import { parseSize } from '../../src/options/parse-size.js'

test.each([
  ['1B', 1],
  ['1kB', 1000],
  ['1KB', 1000],
  ['500MB', 500_000_000],
  ['1.5GB', 1_500_000_000],
  ['5GB', 5_000_000_000],
  ['2TB', 2_000_000_000_000],
  ['1KiB', 1024],
  ['4MiB', 4 * 1024 * 1024],
  ['0.5GiB', 2 ** 29],
  ['1TiB', 2 ** 40],
  ['0MB', 0],
])('%s', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes)
})

test.each([
  '',
  '5',
  'MB',
  '5M',
  '5G',
  '5mb',
  '-5MB',
  '5 MB',
  '5MB ',
  '1e3MB',
  '5MB5MB',
  '.5MB',
  '9999TiB',
  '1toString',
])('%j is not a size', (text) => {
  expect(parseSize(text)).toBeNull()
})
