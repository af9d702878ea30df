import { expect, test } from 'vitest'
import { parseRotation } from '../../../src/record/options/parse-rotation.js'

test('without --rotate, there is one file', () => {
  expect(parseRotation({})).toBeNull()
})

test.each([
  ['1h', { ns: 3600e9 }],
  ['1h30m', { ns: 5400e9 }],
  ['1s', { ns: 1e9 }],
  ['500MB', { bytes: 500e6 }],
  ['2GiB', { bytes: 2 ** 31 }],
  ['1MB', { bytes: 1e6 }],
])('--rotate %s', (rotate, every) => {
  expect(parseRotation({ rotate })).toEqual({ every, keep: null })
})

test.each([
  ['7d', { ns: 7 * 86400e9 }],
  ['5GB', { bytes: 5e9 }],
  ['1s', { ns: 1e9 }],
])('--keep %s', (keep, limit) => {
  expect(parseRotation({ rotate: '1h', keep })?.keep).toEqual(limit)
})

test.each(['', '0', '0s', '999ms', '90', '5M', '1h,500MB', '999kB', '0MB', '200d', 'hourly'])(
  '--rotate %j is refused, with what is accepted',
  (rotate) => {
    const refused = expect.objectContaining({ code: 'E_USAGE', reason: expect.stringMatching(/1h .*500MB/) })
    expect(() => parseRotation({ rotate })).toThrow(refused)
  },
)

test.each(['', '0d', '0MB', '7', '5G', '1y'])('--keep %j is refused, with what is accepted', (keep) => {
  const refused = expect.objectContaining({ code: 'E_USAGE', reason: expect.stringMatching(/7d .*5GB/) })
  expect(() => parseRotation({ rotate: '1h', keep })).toThrow(refused)
})

test('--keep without --rotate is refused: it would never remove a file', () => {
  expect(() => parseRotation({ keep: '7d' })).toThrow(expect.objectContaining({ code: 'E_USAGE' }))
})
