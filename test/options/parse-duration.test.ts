import { describe, expect, test } from 'vitest'
import { parseDuration } from '../../src/options/parse-duration.js'

describe('a valid duration', () => {
  test.each([
    ['10m', 600e9],
    ['1h30m', 5400e9],
    ['1h30m15s', 5415e9],
    ['5ms', 5e6],
    ['1.5s', 1.5e9],
    ['250us', 250e3],
    ['250µs', 250e3],
    ['17ns', 17],
    ['2d', 172_800e9],
    ['0.5', 0.5e9],
    ['90', 90e9],
    ['0', 0],
    ['1m500ms', 60.5e9],
    ['104d', 104 * 86_400e9],
  ])('%s', (text, ns) => {
    expect(parseDuration(text)).toBe(ns)
  })

  test('a number without a unit has the unit of the option', () => {
    expect(parseDuration('7', 's')).toBe(7e9)
    expect(parseDuration('7', 'ms')).toBe(7e6)
    expect(parseDuration('7s', 'ms')).toBe(7e9)
  })

  test('is rounded down to whole ns', () => {
    expect(parseDuration('0.3333333333s')).toBe(333_333_333)
    expect(parseDuration('1.1ns')).toBe(1)
  })
})

describe('an invalid duration', () => {
  const WRONG = [
    '',
    ' ',
    '10 m',
    'm',
    '-5s',
    '+5s',
    '5sec',
    '5S',
    '1,5s',
    '.5s',
    '5.',
    '1e3',
    'Infinity',
    'NaN',
    '0x10',
    '10m ',
    '5s\n',
  ]

  test.each(WRONG)('%j', (text) => {
    expect(parseDuration(text)).toBeNull()
  })

  test.each(['105d', '9007199254740992ns', '99999999999999999999999', `${'9'.repeat(400)}h`])(
    '%s: more than 104 days',
    (text) => {
      expect(parseDuration(text)).toBeNull()
    },
  )

  test('a long invalid text is refused without backtracking', () => {
    expect(parseDuration(`${'1'.repeat(50_000)}x`)).toBeNull()
    expect(parseDuration(`${'1m'.repeat(50_000)}x`)).toBeNull()
  })
})
