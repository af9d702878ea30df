import { expect, test } from 'vitest'
import { formatBytes, formatCount, formatPlural, formatRate } from '../../src/text/format-number.js'

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [123_456, '123,456'],
  [9_007_199_254_740_991, '9,007,199,254,740,991'],
  [2n ** 60n, '1,152,921,504,606,846,976'],
  [-1234, '-1,234'],
])('count %d is %s', (count, text) => {
  expect(formatCount(count)).toBe(text)
})

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [99_949, '99.9 kB'],
  [99_950, '100 kB'],
  [999_499, '999 kB'],
  [999_500, '1.0 MB'],
  [12_345_678, '12.3 MB'],
  [4e12, '4.0 TB'],
  [5e15, '5000 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test.each([
  [0, '0 attempts'],
  [1, '1 attempt'],
  [2, '2 attempts'],
  [1234, '1,234 attempts'],
])('formats the plural: %d attempts', (count, text) => {
  expect(formatPlural(count, 'attempt')).toBe(text)
})

test('a noun that ends in s gets the plural -es', () => {
  expect([1, 2].map((count) => formatPlural(count, 'process'))).toEqual(['1 process', '2 processes'])
})

test.each([
  [0, '0/s'],
  [12.34, '12.3/s'],
  [1, '1.00/s'],
  [0.99949, '60.0/min'],
  [0.9995, '1.00/s'],
  [1234.5, '1,235/s'],
  [0.05, '3.00/min'],
  [1 / 3600, '1.00/h'],
  [0.5 / 3600, '0.50/h'],
  [-12.34, '-12.3/s'],
])('%d per second are %s', (rate, text) => {
  expect(formatRate(rate)).toBe(text)
})
