import { expect, test } from 'vitest'
import { addLoss, LOSS_COLUMNS, listLoss, sumLoss } from '../../src/attempt/loss-causes.js'

test('the total includes all causes', () => {
  expect(sumLoss({ ringFull: 1, mapFull: 20, writerBehind: 300, missed: 4000, skipped: 50_000 })).toBe(54_321)
})

test('losses are added up by cause', () => {
  const one = { ringFull: 1, mapFull: 2, writerBehind: 3, missed: 4, skipped: 5 }
  const other = { ringFull: 10, mapFull: 20, writerBehind: 30, missed: 40, skipped: 50 }
  expect(addLoss(one, other)).toEqual({ ringFull: 11, mapFull: 22, writerBehind: 33, missed: 44, skipped: 55 })
})

test('losses are listed in the order of their columns', () => {
  const loss = listLoss({ skipped: 5, missed: 4, writerBehind: 3, mapFull: 2, ringFull: 1 })
  expect(Object.fromEntries(LOSS_COLUMNS.map((column, i) => [column, loss[i]]))).toEqual({
    lost_ring_full_count: 1,
    lost_map_full_count: 2,
    lost_writer_behind_count: 3,
    lost_missed_count: 4,
    lost_skipped_count: 5,
  })
})
