import { expect, test } from 'vitest'
import { createValueList } from '../../src/options/value-list.js'

test('collects values, whether or not the option also occurs without a value', () => {
  const list = createValueList()
  expect([list.chosen(undefined), list.chosen(true)]).toEqual([undefined, true])
  list.add('failed')
  list.add('pending')
  expect(list.chosen(true)).toEqual(['failed', 'pending'])
  expect(list.chosen(['failed', 'pending'])).toEqual(['failed', 'pending'])
})
