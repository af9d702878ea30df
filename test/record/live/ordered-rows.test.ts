import { expect, test } from 'vitest'
import { makeRow } from '../../view/make-row.js'
import { createOrderedRows } from '../../../src/record/live/live-feed.js'

test('rows are returned in the order of their start times, once they are old enough', () => {
  const rows = createOrderedRows()
  for (const startedNs of [30, 10, 40, 20]) rows.add(makeRow({ startedNs }))
  expect(rows.take(25).map((row) => row.startedNs)).toEqual([10, 20])
  rows.add(makeRow({ startedNs: 5 }))
  expect(rows.take(25).map((row) => row.startedNs)).toEqual([5])
  expect(rows.take(Infinity).map((row) => row.startedNs)).toEqual([30, 40])
  expect(rows.take(Infinity)).toEqual([])
})
