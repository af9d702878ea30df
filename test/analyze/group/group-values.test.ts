import { expect, test } from 'vitest'
import { percentOf } from '../../../src/analyze/group/group-values.js'

test('a percentage is rounded once', () => {
  expect(percentOf(39_857, 1_000_000)).toBe(3.9857)
  expect(percentOf(0, 0)).toBe(0)
})
