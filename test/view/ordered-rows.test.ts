import { expect, test } from 'vitest'
import { createOrderedRows } from '../../src/view/ordered-rows.js'
import { makeRow } from './make-row.js'

test('rows come in the order of their start, once they are old enough', () => {
  const rows = createOrderedRows()
  for (const startedNs of [30, 10, 40, 20]) rows.add(makeRow({ startedNs }))
  expect(rows.take(25).map((row) => row.startedNs)).toEqual([10, 20])
  rows.add(makeRow({ startedNs: 5 }))
  expect(rows.take(25).map((row) => row.startedNs)).toEqual([5])
  expect(rows.take(Infinity).map((row) => row.startedNs)).toEqual([30, 40])
  expect(rows.take(Infinity)).toEqual([])
})
