import { expect, test } from 'vitest'
import { percentOf } from '../../../src/analyze/sums/group-values.js'

test('a percentage is rounded once, so that no digits appear that are not there', () => {
  expect(percentOf(39_857, 1_000_000)).toBe(3.9857)
  expect(percentOf(0, 0)).toBe(0)
})
