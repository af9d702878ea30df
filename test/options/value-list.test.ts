import { expect, test } from 'vitest'
import { createValueList } from '../../src/options/value-list.js'

test('values count, in whatever order a bare option stands beside them', () => {
  const list = createValueList()
  expect([list.chosen(undefined), list.chosen(true)]).toEqual([undefined, true])
  list.add('failed')
  list.add('pending')
  expect(list.chosen(true)).toEqual(['failed', 'pending'])
  expect(list.chosen(['failed', 'pending'])).toEqual(['failed', 'pending'])
})
